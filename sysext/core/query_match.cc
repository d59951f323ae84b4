#include <algorithm>

#include "sysext/core/query.h"

namespace flowtap::core {
namespace {

/// Bytes of the UTF-8 character at `at`.
size_t characterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) end++;
  return end - at;
}

/// `*` any run, `?` any one character, over the whole text. Only the last star is ever taken back.
bool glob(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      p++;
      t += characterBytes(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      p++;
      t++;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = mark += characterBytes(text, mark);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') p++;
  return p == pattern.size();
}

bool fits(const QueryTest& test, const std::string& text) {
  switch (test.kind) {
    case QueryTest::Kind::kContains: return text.find(test.text) != std::string::npos;
    case QueryTest::Kind::kEquals: return text == test.text;
    case QueryTest::Kind::kGlob: return glob(test.text, text);
    case QueryTest::Kind::kPresent: return !text.empty();
    case QueryTest::Kind::kRange: return false;
  }
  return false;
}

bool inRange(const QueryTest& test, double n) {
  return (test.fromOpen ? n > test.from : n >= test.from) && (test.toOpen ? n < test.to : n <= test.to);
}

}  // namespace

bool Query::matches(FlowFacts& flow) const {
  const auto part = [&flow](const Query& each) { return each.matches(flow); };
  switch (kind) {
    case Kind::kAll: return true;
    case Kind::kAnd: return std::all_of(parts.begin(), parts.end(), part);
    case Kind::kOr: return std::any_of(parts.begin(), parts.end(), part);
    case Kind::kNot: return !part(parts[0]);
    case Kind::kTerm: break;
  }
  if (static_cast<size_t>(fact) >= kTextFacts)
    return test.kind == QueryTest::Kind::kPresent || inRange(test, flow.number(fact));
  const auto& texts = flow.texts(fact);
  return std::any_of(texts.begin(), texts.end(), [this](const std::string& text) { return fits(test, text); });
}

}  // namespace flowtap::core
