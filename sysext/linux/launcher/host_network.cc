#include "sysext/linux/launcher/host_network.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>

#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {
namespace {

// RFC 7600: an address that is good as a source only, for a host without any of its own.
constexpr const char* kIpv4Dummy = "192.0.0.8";
// Any address behind the default route does; connecting a datagram socket sends nothing.
constexpr const char* kIpv4Anywhere = "203.0.113.1";
constexpr const char* kIpv6Anywhere = "2001:db8::1";
// A router with a full table: which of its prefixes are reachable hardly matters.
constexpr size_t kMaxRoutes = 64;

in6_addr ipv6(const char* text) {
  in6_addr address{};
  ::inet_pton(AF_INET6, text, &address);
  return address;
}

/// The source address that the host would use towards `to`, or false where it has no route.
template <typename Address>
bool sourceTowards(const Address& to, Address& from) {
  const auto* target = reinterpret_cast<const sockaddr*>(&to);
  const Fd fd(::socket(target->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  socklen_t size = sizeof from;
  return fd && ::connect(fd.get(), target, sizeof to) == 0 &&
         ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&from), &size) == 0;
}

std::optional<in6_addr> ipv6SourceTowards(const in6_addr& address) {
  sockaddr_in6 to{}, from{};
  to.sin6_family = AF_INET6;
  to.sin6_addr = address;
  to.sin6_port = htons(9);
  if (!sourceTowards(to, from)) return std::nullopt;
  return from.sin6_addr;
}

bool routable(const in6_addr& address) {
  return !IN6_IS_ADDR_LINKLOCAL(&address) && !IN6_IS_ADDR_MULTICAST(&address) && !IN6_IS_ADDR_LOOPBACK(&address);
}

/// The prefixes of the host's IPv6 routes, in any table; link-local ones are bound to an interface and left out.
std::vector<Ipv6Prefix> ipv6Routes() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return {};
  rtmsg header{};
  header.rtm_family = AF_INET6;
  std::vector<Ipv6Prefix> routes;
  socket->dump(NetlinkMessage(RTM_GETROUTE, NLM_F_DUMP, header), [&routes](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE || message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return;
    const auto* route = static_cast<const rtmsg*>(NLMSG_DATA(&message));
    if (route->rtm_family != AF_INET6 || route->rtm_type != RTN_UNICAST || route->rtm_dst_len > 128) return;
    if (routes.size() > kMaxRoutes) return;
    Ipv6Prefix prefix;
    prefix.length = route->rtm_dst_len;
    forEachAttribute(reinterpret_cast<const char*>(&message) + NLMSG_LENGTH(sizeof(rtmsg)),
                     message.nlmsg_len - NLMSG_LENGTH(sizeof(rtmsg)),
                     [&prefix](uint16_t type, const void* value, size_t size) {
                       if (type == RTA_DST && size == sizeof prefix.address) std::memcpy(&prefix.address, value, size);
                     });
    if (routable(prefix.address)) routes.push_back(prefix);
  });
  return routes;
}

bool isDefault(const Ipv6Prefix& prefix) { return prefix.length == 0; }

}  // namespace

HostNetwork readHostNetwork() {
  HostNetwork host;
  sockaddr_in to{}, from{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  ::inet_pton(AF_INET, kIpv4Anywhere, &to.sin_addr);
  if (sourceTowards(to, from) && (ntohl(from.sin_addr.s_addr) >> 24) != 127) host.ipv4 = from.sin_addr;
  else ::inet_pton(AF_INET, kIpv4Dummy, &host.ipv4);

  host.ipv6Loopback = ipv6SourceTowards(in6addr_loopback).has_value();
  if (!host.ipv6Loopback) return host;
  auto routes = ipv6Routes();
  bool everywhere = routes.size() > kMaxRoutes;
  for (const auto& route : routes) everywhere = everywhere || isDefault(route);
  if (everywhere) {
    host.ipv6 = ipv6SourceTowards(ipv6(kIpv6Anywhere));
    if (host.ipv6) {
      host.ipv6Routes = {Ipv6Prefix{}};
      return host;
    }
  }
  for (const auto& route : routes) {
    if (isDefault(route)) continue;
    if (!host.ipv6) host.ipv6 = ipv6SourceTowards(route.address);
    host.ipv6Routes.push_back(route);
  }
  if (!host.ipv6) host.ipv6Routes.clear();
  return host;
}

std::vector<NetworkSetting> readHostSettings() {
  std::vector<NetworkSetting> settings;
  for (const char* path : {"/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/ip_unprivileged_port_start",
                           // When connect() gives up.
                           "/proc/sys/net/ipv4/tcp_syn_retries", "/proc/sys/net/ipv4/tcp_syn_linear_timeouts"}) {
    std::ifstream file(path);
    std::string value;
    if (std::getline(file, value)) settings.push_back({path, value});
  }
  return settings;
}

}  // namespace flowtap::linux_
