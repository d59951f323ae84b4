#include "sysext/linux/explicit/http_head.h"

#include <algorithm>

#include "sysext/linux/explicit/target.h"

namespace flowtap::explicit_proxy {
namespace {

using Kind = BodyLength::Kind;

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The line at `at`, which moves behind it. A lone LF ends a line too (RFC 9112, section 2.2).
std::string_view nextLine(std::string_view text, size_t& at) {
  const size_t end = text.find('\n', at);
  if (end == std::string_view::npos) {
    at = text.size();
    return {};
  }
  std::string_view line = text.substr(at, end - at);
  at = end + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// A control character in a line would mean one thing to us and another to the next reader.
bool isClean(std::string_view line) {
  return std::none_of(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

std::string parseFields(std::string_view text, size_t at, std::vector<Field>& fields) {
  constexpr size_t kMaxFields = 1000;
  while (at < text.size()) {
    if (text.find('\n', at) == std::string_view::npos) break;
    const std::string_view line = nextLine(text, at);
    if (line.empty()) return at == text.size() ? "" : "Something follows the empty line.";
    if (!isClean(line)) return "A header line holds a control character.";
    const size_t colon = line.find(':');
    // Also what begins with a space (obs-fold), and "Name :", which some readers take and others do not.
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon)))
      return "A header line is not \"Name: value\".";
    if (fields.size() == kMaxFields) return "There are too many header lines.";
    fields.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
  }
  return "The head does not end.";
}

/// "HTTP/1.x"; -1 otherwise.
int minorVersion(std::string_view text) {
  if (text.size() != 8 || text.substr(0, 7) != "HTTP/1." || text[7] < '0' || text[7] > '9') return -1;
  return text[7] - '0';
}

template <typename F>
void eachWord(const std::vector<Field>& fields, std::string_view name, F&& call) {
  for (const Field& field : fields) {
    if (!sameName(field.name, name)) continue;
    std::string_view rest = field.value;
    for (;;) {
      const size_t comma = rest.find(',');
      call(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
}

/// By Transfer-Encoding and Content-Length; kNone where there is neither.
BodyLength declared(const std::vector<Field>& fields) {
  BodyLength length;
  bool coded = false, valid = true;
  std::string_view last;
  eachWord(fields, "transfer-encoding", [&](std::string_view word) {
    // Chunked twice, or below another coding, has no meaning.
    if (coded && sameName(last, "chunked")) valid = false;
    coded = true;
    last = word;
  });
  bool sized = false;
  eachWord(fields, "content-length", [&](std::string_view word) {
    const auto size = parseDecimal(word, INT64_MAX);
    // The same length given several times is one length (RFC 9110, section 8.6).
    if (!size || (sized && *size != length.size)) valid = false;
    else length.size = *size;
    sized = true;
  });
  if (!valid || (coded && sized)) length.kind = Kind::kInvalid;
  else if (coded) length.kind = sameName(last, "chunked") ? Kind::kChunked : Kind::kUntilClose;
  else if (sized) length.kind = Kind::kSized;
  return length;
}

}  // namespace

size_t findHeadEnd(std::string_view input, size_t& from) {
  size_t at = from;
  for (;;) {
    const size_t end = input.find('\n', at);
    if (end == std::string_view::npos) break;
    // The line before it, if any, is empty.
    if (end >= 1 && input[end - 1] == '\n') return end + 1;
    if (end >= 2 && input[end - 1] == '\r' && input[end - 2] == '\n') return end + 1;
    at = end + 1;
  }
  from = input.size();
  return 0;
}

std::string parseHead(std::string_view text, RequestHead& head) {
  size_t at = 0;
  const std::string_view line = nextLine(text, at);
  if (!isClean(line)) return "The request line holds a control character.";
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return "The first line is not an HTTP/1 request.";
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  head.minor = minorVersion(line.substr(last + 1));
  if (head.minor < 0) return "The first line does not end in HTTP/1.0 or HTTP/1.1.";
  if (!isToken(head.method) || head.target.empty() || head.target.find(' ') != std::string_view::npos)
    return "The first line is not an HTTP/1 request.";
  return parseFields(text, at, head.fields);
}

std::string parseHead(std::string_view text, ResponseHead& head) {
  size_t at = 0;
  const std::string_view line = nextLine(text, at);
  const char* const wrong = "The first line is not an HTTP/1 response.";
  if (line.size() < 12) return wrong;
  head.minor = minorVersion(line.substr(0, 8));
  const auto status = parseDecimal(line.substr(9, 3), 999);
  if (head.minor < 0 || line[8] != ' ' || !status || *status < 100 || (line.size() > 12 && line[12] != ' '))
    return wrong;
  head.status = static_cast<int>(*status);
  return parseFields(text, at, head.fields);
}

bool sameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool listHas(const std::vector<Field>& fields, std::string_view name, std::string_view word) {
  bool has = false;
  eachWord(fields, name, [&](std::string_view each) { has = has || sameName(each, word); });
  return has;
}

BodyLength requestBody(const RequestHead& head) {
  BodyLength length = declared(head.fields);
  // Nothing but its own length ends a request.
  if (length.kind == Kind::kUntilClose) length.kind = Kind::kInvalid;
  if (length.kind == Kind::kChunked && head.minor == 0) length.kind = Kind::kInvalid;
  return length;
}

BodyLength responseBody(const ResponseHead& head, bool toHead) {
  if (toHead || head.status < 200 || head.status == 204 || head.status == 304) return {};
  BodyLength length = declared(head.fields);
  if (length.kind == Kind::kNone) length.kind = Kind::kUntilClose;
  return length;
}

}  // namespace flowtap::explicit_proxy
