#include "sysext/linux/explicit/socks.h"

#include <cstdint>
#include <cstring>

namespace flowtap::explicit_proxy {
namespace {

using Kind = SocksParsed::Kind;

// RFC 1928, section 6.
enum Reply5 : char {
  kSucceeded = 0,
  kGeneralFailure = 1,
  kNotAllowed = 2,
  kNetworkUnreachable = 3,
  kHostUnreachable = 4,
  kConnectionRefused = 5,
  kTtlExpired = 6,
  kCommandNotSupported = 7,
  kAddressTypeNotSupported = 8,
};
constexpr char kGranted4 = 90;
constexpr char kRejected4 = 91;
constexpr char kConnect = 1;

uint8_t byte(std::string_view input, size_t at) { return static_cast<uint8_t>(input[at]); }
uint16_t number(std::string_view input, size_t at) {
  return static_cast<uint16_t>(byte(input, at) << 8 | byte(input, at + 1));
}

core::Address addressOf(std::string_view bytes) {
  core::Address address;
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  address.size = static_cast<uint8_t>(bytes.size());
  return address;
}

void put(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}
void put(std::string& out, const core::Address& address) {
  out.append(reinterpret_cast<const char*>(address.bytes.data()), address.size);
}

std::string answer5(char reply, const core::Address& bound) {
  std::string out{kSocks5, reply, 0};
  core::Address shown = bound;
  if (shown.size == 0) shown.size = 4;  // 0.0.0.0:0
  out += shown.size == 4 ? char{1} : char{4};
  put(out, shown);
  put(out, shown.port);
  return out;
}

std::string answer4(char reply, const core::Address& bound) {
  std::string out{0, reply};
  put(out, bound.port);
  core::Address shown = bound.size == 4 ? bound : core::Address{};
  shown.size = 4;
  put(out, shown);
  return out;
}

SocksParsed refused(std::string reply) {
  SocksParsed parsed;
  parsed.kind = Kind::kRefused;
  parsed.reply = std::move(reply);
  return parsed;
}

char replyTo(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kRefused: return kConnectionRefused;
    case Failure::Kind::kNetworkUnreachable: return kNetworkUnreachable;
    case Failure::Kind::kHostUnreachable:
    case Failure::Kind::kNameNotFound: return kHostUnreachable;
    case Failure::Kind::kTimedOut:  // the nearest that the protocol has
    case Failure::Kind::kNameTimedOut: return kTtlExpired;
    case Failure::Kind::kDenied: return kNotAllowed;
    case Failure::Kind::kReset:
    case Failure::Kind::kLimit:
    case Failure::Kind::kOther: break;
  }
  return kGeneralFailure;
}

}  // namespace

SocksParsed parseSocks5Greeting(std::string_view input) {
  if (input.size() < 2) return {};
  const size_t size = 2u + byte(input, 1);
  if (input.size() < size) return {};
  // 0: no authentication; 0xff: none of the offered ones.
  if (input.substr(2, size - 2).find('\0') == std::string_view::npos) return refused({kSocks5, '\xff'});
  SocksParsed parsed;
  parsed.kind = Kind::kDone;
  parsed.consumed = size;
  parsed.reply = {kSocks5, 0};
  return parsed;
}

SocksParsed parseSocks5Request(std::string_view input) {
  if (!input.empty() && input[0] != kSocks5) return refused(answer5(kGeneralFailure, {}));
  if (input.size() < 5) return {};
  const uint8_t type = byte(input, 3);
  size_t at = 4, size;
  if (type == 1) size = 4;
  else if (type == 4) size = 16;
  else if (type == 3) size = byte(input, at++);
  else return refused(answer5(kAddressTypeNotSupported, {}));
  if (input.size() < at + size + 2) return {};
  // BIND and UDP ASSOCIATE. Only now: a client reads the answer once it has sent its whole request.
  if (input[1] != kConnect) return refused(answer5(kCommandNotSupported, {}));
  SocksParsed parsed;
  const std::string_view host = input.substr(at, size);
  if (type == 3) {
    if (!isHostName(host)) return refused(answer5(kHostUnreachable, {}));
    parsed.target.host = std::string(host);
  } else {
    parsed.target.address = addressOf(host);
  }
  parsed.target.port = parsed.target.address.port = number(input, at + size);
  if (type == 3) parsed.target.address.port = 0;
  parsed.kind = Kind::kDone;
  parsed.consumed = at + size + 2;
  return parsed;
}

SocksParsed parseSocks4Request(std::string_view input) {
  constexpr size_t kFixed = 8;
  if (input.size() < kFixed) return {};
  const size_t userEnd = input.find('\0', kFixed);
  const std::string rejection = answer4(kRejected4, {});
  if (userEnd == std::string_view::npos) return input.size() >= kMaxSocksMessage ? refused(rejection) : SocksParsed{};
  if (input[1] != kConnect) return refused(rejection);
  SocksParsed parsed;
  parsed.target.port = number(input, 2);
  parsed.consumed = userEnd + 1;
  // 4a: 0.0.0.x says that a name follows.
  if (input[4] == 0 && input[5] == 0 && input[6] == 0 && input[7] != 0) {
    const size_t nameEnd = input.find('\0', userEnd + 1);
    if (nameEnd == std::string_view::npos)
      return input.size() >= kMaxSocksMessage ? refused(rejection) : SocksParsed{};
    const std::string_view host = input.substr(userEnd + 1, nameEnd - userEnd - 1);
    if (!isHostName(host)) return refused(rejection);
    parsed.target.host = std::string(host);
    parsed.consumed = nameEnd + 1;
  } else {
    parsed.target.address = addressOf(input.substr(4, 4));
    parsed.target.address.port = parsed.target.port;
  }
  parsed.kind = Kind::kDone;
  return parsed;
}

std::string socksAccepted(char version, const core::Address& bound) {
  return version == kSocks5 ? answer5(kSucceeded, bound) : answer4(kGranted4, bound);
}

std::string socksFailed(char version, const Failure& failure) {
  return version == kSocks5 ? answer5(replyTo(failure.kind), {}) : answer4(kRejected4, {});
}

}  // namespace flowtap::explicit_proxy
