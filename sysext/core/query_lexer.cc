#include "sysext/core/query_lexer.h"

namespace flowtap::core {
namespace {

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isWordPart(char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text, size_t from) : text_(text), at_(from) {}

  std::vector<QueryToken> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (const size_t space = spaceAt(text_, at_)) at_ += space;
      else if (c == '#') break;
      else if (c == '(' || c == ')') single(c == '(' ? Kind::kOpen : Kind::kClose);
      else if ((c == '-' || c == '!') && negates()) single(Kind::kNot);
      else term();
    }
    return std::move(tokens_);
  }

 private:
  using Kind = QueryToken::Kind;

  bool negates() const { return at_ + 1 < text_.size() && text_[at_ + 1] != '=' && !spaceAt(text_, at_ + 1); }

  void single(Kind kind) {
    QueryToken token;
    token.kind = kind;
    token.start = at_;
    token.end = ++at_;
    tokens_.push_back(std::move(token));
  }

  void term() {
    QueryToken token;
    token.start = at_;
    if (fieldAndOperator(token)) token.kind = Kind::kTerm;
    token.value = value();
    token.end = at_ = token.value.end;
    if (token.kind == Kind::kText && token.value.kind == QueryValue::Kind::kBare) token.kind = keyword(token.value.text);
    tokens_.push_back(std::move(token));
  }

  static Kind keyword(const std::string& text) {
    const std::string word = lowerAscii(text);
    if (word == "and" || word == "&&") return Kind::kAnd;
    if (word == "or" || word == "||") return Kind::kOr;
    if (word == "not") return Kind::kNot;
    return Kind::kText;
  }

  bool fieldAndOperator(QueryToken& token) {
    size_t end = at_;
    if (!isLetter(text_[end])) return false;
    while (end < text_.size() && (isWordPart(text_[end]) || text_[end] == '.')) end++;
    static constexpr struct {
      std::string_view sign;
      Operator op;
    } kOperators[] = {{":", Operator::kHas},      {"!=", Operator::kIsNot}, {">=", Operator::kAtLeast},
                      {"<=", Operator::kAtMost},  {"=", Operator::kIs},     {">", Operator::kAbove},
                      {"<", Operator::kBelow}};
    for (const auto& each : kOperators) {
      if (text_.substr(end, each.sign.size()) != each.sign) continue;
      token.field = text_.substr(at_, end - at_);
      token.fieldSpan = {at_, end};
      token.op = each.op;
      at_ = end + each.sign.size();
      return true;
    }
    return false;
  }

  QueryValue value() {
    QueryValue value;
    value.start = value.end = at_;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '/' && regex(value)) return value;
    while (value.end < text_.size() && text_[value.end] != '(' && text_[value.end] != ')' &&
           !spaceAt(text_, value.end))
      value.end++;
    value.text = text_.substr(value.start, value.end - value.start);
    return value;
  }

  QueryValue quoted(char mark) const {
    QueryValue value;
    value.kind = QueryValue::Kind::kQuoted;
    value.start = at_;
    size_t at = at_ + 1;
    for (; at < text_.size() && text_[at] != mark; at++) {
      if (text_[at] == '\\' && at + 1 < text_.size()) at++;
      value.text += text_[at];
    }
    value.closed = at < text_.size();
    value.end = value.closed ? at + 1 : at;
    return value;
  }

  /// `/…/flags`, where flags are followed by an end; a path such as /usr/bin stays a plain word.
  bool regex(QueryValue& value) const {
    bool inClass = false;
    for (size_t at = at_ + 1; at < text_.size(); at++) {
      const char c = text_[at];
      if (c == '\\') at++;
      else if (inClass) inClass = c != ']';
      else if (c == '[') inClass = true;
      else if (c == '/') {
        size_t end = at + 1;
        while (end < text_.size() && end < at + 3 && std::string_view("gimsuy").find(text_[end]) != std::string::npos)
          end++;
        if (end < text_.size() && text_[end] != '(' && text_[end] != ')' && !spaceAt(text_, end)) return false;
        value.kind = QueryValue::Kind::kRegex;
        value.text = text_.substr(at_ + 1, at - at_ - 1);
        value.end = end;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_;
  std::vector<QueryToken> tokens_;
};

}  // namespace

const char* textOf(Operator op) {
  static constexpr const char* kTexts[] = {":", "=", "!=", ">", ">=", "<", "<="};
  return kTexts[static_cast<size_t>(op)];
}

size_t spaceAt(std::string_view text, size_t at) {
  const char c = text[at];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (static_cast<unsigned char>(c) < 0x80) return 0;
  const std::string_view two = text.substr(at, 2), three = text.substr(at, 3);
  if (two == "\u00A0") return 2;
  if (three >= "\u2000" && three <= "\u200A") return 3;
  for (const char* space : {"\u1680", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000", "\uFEFF"})
    if (three == space) return 3;
  return 0;
}

std::vector<QueryToken> lexQuery(std::string_view text, size_t from) { return Lexer(text, from).run(); }

char lowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lowerAscii(c);
  return lower;
}

}  // namespace flowtap::core
