// SOCKS 5 (RFC 1928), 4 and 4a, the server's side: bytes to requests, outcomes to bytes. Without authentication: the
// port is one user's, which the kernel vouches for.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "sysext/linux/explicit/failure.h"
#include "sysext/linux/explicit/target.h"

namespace flowtap::explicit_proxy {

constexpr char kSocks5 = 5;
constexpr char kSocks4 = 4;
/// No message of these protocols is longer; SOCKS 4 sets no bound to a user's name.
constexpr size_t kMaxSocksMessage = 1024;

/// What the first bytes of some input are. Nothing is remembered: whoever gets kMore asks again with more bytes.
struct SocksParsed {
  enum class Kind : uint8_t { kMore, kDone, kRefused };
  Kind kind = Kind::kMore;
  size_t consumed = 0;  ///< of kDone
  std::string reply;    ///< to be sent: the answer to a greeting, or the refusal
  Target target;        ///< of a request that is kDone
};

/// The list of methods that a SOCKS 5 client begins with.
SocksParsed parseSocks5Greeting(std::string_view input);
SocksParsed parseSocks5Request(std::string_view input);
SocksParsed parseSocks4Request(std::string_view input);

/// `bound`: the proxy's own address towards the server.
std::string socksAccepted(char version, const core::Address& bound);
std::string socksFailed(char version, const Failure& failure);

}  // namespace flowtap::explicit_proxy
