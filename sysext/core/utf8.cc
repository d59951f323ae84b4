#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

/// Bytes of the well-formed character at `at`, or 0 (RFC 3629, section 4).
size_t characterBytes(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned a = byte(0);
  const unsigned b = byte(1);
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F)) return 0;  // too long; a surrogate
    return 3;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if ((a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F)) return 0;  // too long; above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

std::string toUtf8(std::string_view text, size_t limit) {
  std::string out;
  out.reserve(text.size() < limit ? text.size() : limit);
  for (size_t at = 0; at < text.size();) {
    const size_t size = characterBytes(text, at);
    const std::string_view piece = size ? text.substr(at, size) : std::string_view("\xEF\xBF\xBD");
    if (out.size() + piece.size() > limit) break;
    out += piece;
    at += size ? size : 1;
  }
  return out;
}

}  // namespace flowtap::core
