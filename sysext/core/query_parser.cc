#include <limits>
#include <optional>

#include "sysext/core/query.h"

namespace flowtap::core {
namespace {

constexpr int kMaxDepth = 64;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Failure {
  QueryProblem problem;
};
[[noreturn]] void fail(std::string message, const Span& span) {
  Failure failure;
  static_cast<Span&>(failure.problem) = span;
  failure.problem.message = std::move(message);
  throw failure;
}

bool hasWildcard(const std::string& text) { return text.find_first_of("*?") != std::string::npos; }

/// or < and < not < term, by recursive descent.
class Parser {
 public:
  Parser(std::vector<QueryToken> tokens, size_t end) : tokens_(std::move(tokens)), end_{end, end} {}

  Query run() {
    if (tokens_.empty()) return {};
    Query query = disjunction();
    if (at_ < tokens_.size())
      fail(tokens_[at_].kind == Kind::kClose ? "This parenthesis closes nothing." : "The query should end here.",
           tokens_[at_]);
    return query;
  }

 private:
  using Kind = QueryToken::Kind;

  bool accept(Kind kind) {
    if (at_ >= tokens_.size() || tokens_[at_].kind != kind) return false;
    at_++;
    return true;
  }

  static Query joined(Query::Kind kind, std::vector<Query> parts) {
    if (parts.size() == 1) return std::move(parts[0]);
    Query query;
    query.kind = kind;
    query.parts = std::move(parts);
    return query;
  }

  Query disjunction() {
    std::vector<Query> parts;
    do parts.push_back(conjunction());
    while (accept(Kind::kOr));
    return joined(Query::Kind::kOr, std::move(parts));
  }

  Query conjunction() {
    std::vector<Query> parts;
    parts.push_back(unary());
    while (at_ < tokens_.size() && tokens_[at_].kind != Kind::kOr && tokens_[at_].kind != Kind::kClose) {
      accept(Kind::kAnd);
      parts.push_back(unary());
    }
    return joined(Query::Kind::kAnd, std::move(parts));
  }

  static Query negation(Query part) {
    Query query;
    query.kind = Query::Kind::kNot;
    query.parts.push_back(std::move(part));
    return query;
  }

  Query unary() {
    if (at_ >= tokens_.size())
      fail("Something is missing at the end: a word, or a field such as host:example.com.", end_);
    const QueryToken& token = tokens_[at_++];
    if (++depth_ > kMaxDepth) fail("Nested more than " + std::to_string(kMaxDepth) + " deep.", token);
    Query query = operand(token);
    depth_--;
    return query;
  }

  Query operand(const QueryToken& token) {
    switch (token.kind) {
      case Kind::kNot: return negation(unary());
      case Kind::kOpen: {
        Query inner = disjunction();
        if (!accept(Kind::kClose)) fail("This parenthesis is not closed.", token);
        return inner;
      }
      case Kind::kTerm: return term(token);
      case Kind::kText: return termOf(Fact::kAnyText, textTest(token.value, Operator::kHas));
      case Kind::kAnd: fail("Something is missing before \"and\".", token);
      case Kind::kOr: fail("Something is missing before \"or\".", token);
      case Kind::kClose: break;
    }
    fail("Something is missing before \")\".", token);
  }

  static Query termOf(Fact fact, QueryTest test) {
    Query query;
    query.kind = Query::Kind::kTerm;
    query.fact = fact;
    query.test = std::move(test);
    return query;
  }

  static const QueryField& fieldOfTerm(const QueryToken& token) {
    const QueryField* field = fieldOf(token.field);
    if (!field) {
      const QueryField* near = nearField(token.field);
      fail("There is no field \"" + token.field + "\"." +
               (near ? " Did you mean \"" + std::string(near->name) + "\"?" : " There are: " + knownFields() + "."),
           token.fieldSpan);
    }
    if (field->kind == QueryField::Kind::kNotYet)
      fail("\"" + token.field + "\" is not known when a flow opens, so no rule can ask for it. Known are: " +
               knownFields() + ".",
           token.fieldSpan);
    return *field;
  }

  static Query term(const QueryToken& token) {
    const QueryField& field = fieldOfTerm(token);
    const QueryValue& value = token.value;
    if (value.kind == QueryValue::Kind::kBare && value.text.empty())
      fail("A value is missing after \"" + token.field + textOf(token.op) + "\".", token);
    const bool negated = token.op == Operator::kIsNot;
    std::vector<Query> terms;
    for (QueryTest& test : tests(field, negated ? Operator::kIs : token.op, value))
      terms.push_back(termOf(field.fact, std::move(test)));
    Query query = joined(Query::Kind::kOr, std::move(terms));
    return negated ? negation(std::move(query)) : query;
  }

  /// Several where the value is a list: port:80,443.
  static std::vector<QueryTest> tests(const QueryField& field, Operator op, const QueryValue& value) {
    const bool bare = value.kind == QueryValue::Kind::kBare;
    if (bare && value.text == "*") return {QueryTest()};
    const bool numeric = field.kind == QueryField::Kind::kNumber;
    const std::string name = field.name;
    if (!numeric && op != Operator::kHas && op != Operator::kIs)
      fail("\"" + name + "\" is text: use " + name + ":… or " + name + "=…, not " + textOf(op) + ".", value);
    if (!bare) {
      if (numeric) fail("\"" + name + "\" needs a number.", value);
      return {textTest(value, op)};
    }
    std::vector<QueryTest> found;
    if (field.kind == QueryField::Kind::kText) {
      found.push_back(textTest(value, op));
      return found;
    }
    for (const QueryValue& part : split(value)) found.push_back(numeric ? numberTest(field, op, part) : word(field, part));
    return found;
  }

  static std::vector<QueryValue> split(const QueryValue& value) {
    std::vector<QueryValue> parts;
    for (size_t start = 0; start <= value.text.size();) {
      const size_t end = std::min(value.text.find(',', start), value.text.size());
      if (end == start) fail("A value is missing in this list.", value);
      QueryValue part;
      part.text = value.text.substr(start, end - start);
      part.start = value.start + start;
      part.end = value.start + end;
      parts.push_back(std::move(part));
      start = end + 1;
    }
    return parts;
  }

  static double number(const std::string& text, const QueryField& field, const Span& span) {
    double n = 0;
    std::string unit;
    if (!splitNumber(text, n, unit) || (unit != "" && unit != "k"))
      fail("\"" + text + "\" does not fit \"" + field.name + "\": it needs a number.", span);
    return unit == "k" ? n * 1000 : n;
  }

  static QueryTest numberTest(const QueryField& field, Operator op, const QueryValue& value) {
    QueryTest test;
    test.kind = QueryTest::Kind::kRange;
    const size_t dots = value.text.find("..");
    if (dots != std::string::npos && (op == Operator::kHas || op == Operator::kIs)) {
      const std::string from = value.text.substr(0, dots), to = value.text.substr(dots + 2);
      test.from = from.empty() ? -kInfinity : number(from, field, value);
      test.to = to.empty() ? kInfinity : number(to, field, value);
      if (test.from > test.to) fail("The range " + value.text + " is empty: its start is above its end.", value);
      return test;
    }
    const double n = number(value.text, field, value);
    const bool up = op == Operator::kAbove || op == Operator::kAtLeast;
    const bool down = op == Operator::kBelow || op == Operator::kAtMost;
    test.from = down ? -kInfinity : n;
    test.to = up ? kInfinity : n;
    test.fromOpen = op == Operator::kAbove;
    test.toOpen = op == Operator::kBelow;
    return test;
  }

  static QueryTest word(const QueryField& field, const QueryValue& value) {
    if (hasWildcard(value.text)) return textTest(value, Operator::kIs);
    const std::string text = lowerAscii(value.text);
    const bool transport = field.fact == Fact::kProtocol;
    if (transport ? text != "tcp" && text != "udp" : text != "outbound" && text != "inbound")
      fail(transport ? "\"" + value.text + "\" is not known when a flow opens. A rule can ask for tcp and udp; for an "
                       "application protocol take its port, as in port:443."
                     : "\"" + value.text + "\" is no direction. There are: outbound, inbound.",
           value);
    return textTest(value, Operator::kIs);
  }

  static QueryTest textTest(const QueryValue& value, Operator op) {
    if (value.kind == QueryValue::Kind::kRegex)
      fail("Rules know no regular expressions: use * and ?, as in host:*.example.com, or quotation marks around a text "
           "with slashes.",
           value);
    if (!value.closed) fail("This quotation mark is not closed.", value);
    QueryTest test;
    test.text = lowerAscii(value.text);
    if (value.kind == QueryValue::Kind::kBare && hasWildcard(value.text)) test.kind = QueryTest::Kind::kGlob;
    else test.kind = op == Operator::kIs ? QueryTest::Kind::kEquals : QueryTest::Kind::kContains;
    return test;
  }

  const std::vector<QueryToken> tokens_;
  const Span end_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Query parseQuery(std::string_view text, size_t from, QueryProblem& problem) {
  try {
    return Parser(lexQuery(text, from), text.size()).run();
  } catch (const Failure& failure) {
    problem = failure.problem;
    return {};
  }
}

bool splitNumber(std::string_view text, double& number, std::string& unit) {
  // A whole number divided by a power of ten rounds once, so the result is the nearest double, as everywhere else. More
  // digits than a double holds are refused.
  uint64_t digits = 0;
  double scale = 1;
  size_t at = 0, count = 0;
  bool fraction = false;
  for (; at < text.size(); at++) {
    const char c = text[at];
    if (c == '.' && !fraction) {
      fraction = true;
      if (at + 1 == text.size() || text[at + 1] < '0' || text[at + 1] > '9') return false;
    } else if (c >= '0' && c <= '9') {
      digits = digits * 10 + static_cast<uint64_t>(c - '0');
      if (fraction) scale *= 10;
      if (++count > 15) return false;
    } else {
      break;
    }
  }
  if (count == 0) return false;
  unit = lowerAscii(text.substr(at));
  for (const char c : unit)
    if (c < 'a' || c > 'z') return false;
  number = static_cast<double>(digits) / scale;
  return true;
}

}  // namespace flowtap::core
