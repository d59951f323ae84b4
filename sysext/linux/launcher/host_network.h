// What the host's network offers, read before the launcher leaves it, so that the inside can offer the same.
#pragma once
#include <netinet/in.h>

#include <optional>
#include <string>
#include <vector>

namespace flowtap::linux_ {

struct Ipv6Prefix {
  in6_addr address{};
  unsigned length = 0;
};

struct HostNetwork {
  /// The address that the host sends from. Programs inside see and tell it as theirs, as they would outside.
  in_addr ipv4{};
  /// Whether the host has ::1.
  bool ipv6Loopback = false;
  /// Unset: the host has IPv6 to nowhere, so it is not offered inside either. TPROXY would accept every connection, and
  /// a program that tries both families at once (RFC 8305) would settle on the one that cannot work.
  std::optional<in6_addr> ipv6;
  /// Where the host has IPv6 routes to: {::/0} where it has a default route.
  std::vector<Ipv6Prefix> ipv6Routes;
};

HostNetwork readHostNetwork();

/// Settings of a network namespace (below /proc/sys/net) that programs notice, and their values on the host.
struct NetworkSetting {
  std::string path;
  std::string value;
};
std::vector<NetworkSetting> readHostSettings();

}  // namespace flowtap::linux_
