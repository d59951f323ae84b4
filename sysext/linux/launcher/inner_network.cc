#include "sysext/linux/launcher/inner_network.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>

#include "sysext/linux/launcher/problem.h"

namespace flowtap::linux_ {
namespace {

constexpr int kLoopback = 1;  // the index of lo in every network namespace
/// The largest packet of IPv6 (RFC 8200): the usual 65,536 are too few for a datagram that fills it, which a raw socket
/// does not send in fragments.
constexpr uint32_t kLargestPacket = 65535 + 40;

/// Best effort: a kernel without the setting has no use for it.
void writeSetting(const std::string& path, const std::string& value) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file && ::write(file.get(), value.data(), value.size()) < 0) return;
}

void send(const NetlinkBatch& batch) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) throw CaptureImpossible(explainNamespaceFailure("opening a routing socket", errno));
  if (const auto refusal = socket->send(batch))
    throw CaptureImpossible(explainNamespaceFailure(
        refusal->what + (refusal->text.empty() ? "" : " (" + refusal->text + ")"), refusal->error));
}

/// ip address add ADDRESS dev lo
void addAddress(NetlinkBatch& batch, uint8_t family, const void* address, uint8_t size) {
  ifaddrmsg header{};
  header.ifa_family = family;
  header.ifa_prefixlen = static_cast<uint8_t>(size * 8);
  header.ifa_index = kLoopback;
  header.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
  auto& message = batch.add(family == AF_INET6 ? "adding an IPv6 address" : "adding an IPv4 address", RTM_NEWADDR,
                            NLM_F_CREATE | NLM_F_REPLACE, header);
  message.attribute(IFA_LOCAL, address, size);
  message.attribute(IFA_ADDRESS, address, size);
}

/// ip route add [local] DESTINATION/LENGTH dev lo src SOURCE [table local]
void addRoute(NetlinkBatch& batch, uint8_t family, bool local, const void* destination, unsigned length,
              const void* source) {
  const size_t size = family == AF_INET6 ? sizeof(in6_addr) : sizeof(in_addr);
  rtmsg header{};
  header.rtm_family = family;
  header.rtm_dst_len = static_cast<uint8_t>(length);
  header.rtm_table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_type = local ? RTN_LOCAL : RTN_UNICAST;
  if (family == AF_INET) header.rtm_scope = local ? RT_SCOPE_HOST : RT_SCOPE_LINK;
  auto& message = batch.add(family == AF_INET6 ? "adding an IPv6 route" : "adding the IPv4 route", RTM_NEWROUTE,
                            NLM_F_CREATE | NLM_F_REPLACE, header);
  if (length > 0) message.attribute(RTA_DST, destination, size);
  message.number(RTA_OIF, kLoopback);
  message.attribute(RTA_PREFSRC, source, size);
}

}  // namespace

void setUpInnerNetwork(const HostNetwork& host, const std::vector<NetworkSetting>& settings) {
  for (const auto& setting : settings) writeSetting(setting.path, setting.value);
  if (!host.ipv6Loopback) writeSetting("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
  NetlinkBatch batch;
  ifinfomsg up{};
  up.ifi_index = kLoopback;
  up.ifi_flags = up.ifi_change = IFF_UP;
  batch.add("bringing lo up", RTM_NEWLINK, 0, up).number(IFLA_MTU, kLargestPacket);
  addAddress(batch, AF_INET, &host.ipv4, sizeof host.ipv4);
  if (host.ipv6) addAddress(batch, AF_INET6, &*host.ipv6, sizeof *host.ipv6);
  send(batch);
}

void routeEverything(const HostNetwork& host, wire::Mode mode) {
  const bool local = mode == wire::Mode::kTproxy;
  NetlinkBatch batch;
  addRoute(batch, AF_INET, local, nullptr, 0, &host.ipv4);
  for (const auto& prefix : host.ipv6Routes)
    addRoute(batch, AF_INET6, local, &prefix.address, prefix.length, &*host.ipv6);
  send(batch);
}

}  // namespace flowtap::linux_
