// Where a program asks an explicit proxy to connect to.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sysext/core/flow.h"

namespace flowtap::explicit_proxy {

struct Target {
  std::string host;       ///< as asked for, without the brackets of an IPv6 address; "" where `address` came in bytes
  core::Address address;  ///< SOCKS can carry addresses; size 0: `host` is to be resolved
  uint16_t port = 0;

  bool operator==(const Target& o) const { return host == o.host && address == o.address && port == o.port; }
};

/// Whether bytes from a peer can be the name of a host: printable ASCII without what ends a name in a URI, at most 255
/// bytes (RFC 1035, section 2.3.4). Whether it exists is the resolver's to say.
bool isHostName(std::string_view text);

/// "host:port", "[v6]:port", and the same without a port where `defaultPort` is not 0 (RFC 3986, section 3.2).
std::optional<Target> parseAuthority(std::string_view text, uint16_t defaultPort);

/// A whole number of decimal digits only, at most `limit`.
std::optional<uint64_t> parseDecimal(std::string_view text, uint64_t limit);

}  // namespace flowtap::explicit_proxy
