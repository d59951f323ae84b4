// A query over what is known when a flow opens: the language of docs/query.md without the fields that nobody knows yet
// and without regular expressions. The same text means the same as in src/flow/query; a test holds the two against each
// other.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sysext/core/flow_facts.h"
#include "sysext/core/query_lexer.h"

namespace flowtap::core {

struct QueryTest {
  enum class Kind { kContains, kEquals, kGlob, kPresent, kRange };
  Kind kind = Kind::kPresent;
  std::string text;  ///< A to Z in lower case
  double from = 0, to = 0;
  bool fromOpen = false, toOpen = false;
};

struct Query {
  enum class Kind { kAll, kAnd, kOr, kNot, kTerm };
  Kind kind = Kind::kAll;
  std::vector<Query> parts;
  Fact fact = Fact::kAnyText;  ///< of kTerm
  QueryTest test;
  bool matches(FlowFacts& flow) const;
};

struct QueryProblem : Span {
  std::string message;  ///< "": none
};

/// Reads the query text[from, end), up to a comment. `problem` says where it cannot be read.
Query parseQuery(std::string_view text, size_t from, QueryProblem& problem);

/// A number with a unit: digits, a fraction, letters. False where it is none. Units are the caller's.
bool splitNumber(std::string_view text, double& number, std::string& unit);

}  // namespace flowtap::core
