#include "sysext/linux/explicit/target.h"

#include <algorithm>

namespace flowtap::explicit_proxy {

bool isHostName(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("/?#@\\[]\"<>^`{|}").find(c) == std::string_view::npos;
  });
}

std::optional<uint64_t> parseDecimal(std::string_view text, uint64_t limit) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (limit - digit) / 10 || digit > limit) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<Target> parseAuthority(std::string_view text, uint16_t defaultPort) {
  std::string_view host = text, port;
  const bool bracketed = !text.empty() && text.front() == '[';
  if (bracketed) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    if (!rest.empty()) port = rest.substr(1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) return std::nullopt;  // an IPv6 address without its brackets
  }
  if (!isHostName(host)) return std::nullopt;
  Target target;
  target.host = std::string(host);
  target.port = defaultPort;
  if (!port.empty()) {
    const auto number = parseDecimal(port, 65535);
    if (!number) return std::nullopt;
    target.port = static_cast<uint16_t>(*number);
  }
  if (target.port == 0) return std::nullopt;
  return target;
}

}  // namespace flowtap::explicit_proxy
