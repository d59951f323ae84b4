#include "sysext/macos/app/json.h"

#include "sysext/core/utf8.h"

namespace flowtap::macos::app {
namespace {

/// RFC 8259, section 7.
std::string quoted(const std::string& value) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7f) ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
    else out += c;
  }
  return out + '"';
}

}  // namespace

void JsonLine::name(const char* name) { (members_ += members_.empty() ? "" : ",") += quoted(name) + ":"; }

JsonLine& JsonLine::text(const char* key, const std::string& value) {
  name(key);
  // What a path or the system's words hold may be no UTF-8; JSON is nothing else.
  members_ += quoted(core::toUtf8(value, 4096));
  return *this;
}

JsonLine& JsonLine::flag(const char* key, bool value) {
  name(key);
  members_ += value ? "true" : "false";
  return *this;
}

}  // namespace flowtap::macos::app
