// Splits a query (docs/query.md) into tokens; every token knows its place. Nothing is refused here: the parser says what
// is wrong. The same as src/flow/query/lexer.ts, which a test holds it against.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flowtap::core {

/// Bytes of the text.
struct Span {
  size_t start = 0;
  size_t end = 0;
};

enum class Operator { kHas, kIs, kIsNot, kAbove, kAtLeast, kBelow, kAtMost };
const char* textOf(Operator op);

struct QueryValue : Span {
  enum class Kind { kBare, kQuoted, kRegex };
  Kind kind = Kind::kBare;
  std::string text;  ///< without the quotation marks
  bool closed = true;
};

struct QueryToken : Span {
  enum class Kind { kOpen, kClose, kAnd, kOr, kNot, kTerm, kText };
  Kind kind = Kind::kText;
  std::string field;  ///< of kTerm
  Span fieldSpan;
  Operator op = Operator::kHas;
  QueryValue value;  ///< of kTerm and kText
};

/// Length of the white space character at `at`; 0 where there is none. Unicode's spaces count, as they do in JavaScript.
size_t spaceAt(std::string_view text, size_t at);

/// Tokens of text[from, end). Ends at a `#` where a token would begin: what follows is a comment.
std::vector<QueryToken> lexQuery(std::string_view text, size_t from);

char lowerAscii(char c);
/// A to Z only.
std::string lowerAscii(std::string_view text);

}  // namespace flowtap::core
