#include "sysext/linux/launcher/rules.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include <linux/netfilter_ipv4.h>

#include <string>

#include "sysext/linux/marks.h"
#include "sysext/linux/nf_tables.h"

namespace flowtap::linux_ {
namespace {

const std::string kPort = std::to_string(kProxyPort);

Ipv4Network loopbackNetwork() { return {in_addr{htonl(INADDR_LOOPBACK)}, 8}; }

std::string text(const in_addr& address) {
  char buffer[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, &address, buffer, sizeof buffer);
}
std::string text(const in6_addr& address) {
  char buffer[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, &address, buffer, sizeof buffer);
}

void tproxyRules(NfTable& table, const HostNetwork& host) {
  const auto steer = table.chain("steer", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE);
  // A connection's later packets find their socket by themselves. Nearly every packet ends here.
  constexpr uint8_t kSynAndAck = TH_SYN | TH_ACK;
  table.rule(steer, "tcp flags & (syn | ack) != syn accept").notTcpFlags(kSynAndAck, TH_SYN).accept();
  table.rule(steer, "meta mark 0x666c6f77 accept").mark(kProxyMark).accept();

  // Localhost and the machine's own address: a socket inside wins, otherwise the host's localhost is reached.
  table.rule(steer, "ip daddr 127.0.0.0/8 socket transparent 0 accept").to(loopbackNetwork()).ordinarySocket().accept();
  table.rule(steer, "ip daddr " + text(host.ipv4) + " socket transparent 0 accept")
      .to(Ipv4Network{host.ipv4, 32})
      .ordinarySocket()
      .accept();
  table.rule(steer, "ip6 daddr ::1 socket transparent 0 accept").to(in6addr_loopback).ordinarySocket().accept();
  if (host.ipv6)
    table.rule(steer, "ip6 daddr " + text(*host.ipv6) + " socket transparent 0 accept")
        .to(*host.ipv6)
        .ordinarySocket()
        .accept();

  table.rule(steer, "tcp flags & (syn | ack) == syn tproxy to :" + kPort + " accept")
      .tcpFlags(kSynAndAck, TH_SYN)
      .tproxy(kProxyPort)
      .accept();
  table.rule(steer, "meta l4proto udp tproxy to :" + kPort + " accept")
      .l4Protocol(IPPROTO_UDP)
      .tproxy(kProxyPort)
      .accept();
}

void redirectRules(NfTable& table) {
  const auto steer = table.chain("steer", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
  table.rule(steer, "meta mark 0x666c6f77 accept").mark(kProxyMark).accept();
  table.rule(steer, "meta l4proto tcp redirect to :" + kPort).l4Protocol(IPPROTO_TCP).redirect(kProxyPort);

  // NAT keeps no original destination for UDP. sendto() fails at once, which is better than silence.
  const auto limits = table.chain("uncarried", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER);
  table.rule(limits, "ip daddr != 127.0.0.0/8 meta l4proto udp drop")
      .notTo(loopbackNetwork())
      .l4Protocol(IPPROTO_UDP)
      .drop();
  table.rule(limits, "ip6 daddr != ::1 meta l4proto udp drop").notTo(in6addr_loopback).l4Protocol(IPPROTO_UDP).drop();
}

/// Every address is local inside, so the kernel itself would answer each ping. ping then says "Operation not permitted".
void echoRules(NfTable& table) {
  const auto silence = table.chain("silence", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER);
  table.rule(silence, "meta l4proto tcp accept").l4Protocol(IPPROTO_TCP).accept();
  table.rule(silence, "ip daddr != 127.0.0.0/8 icmp type echo-request drop")
      .notTo(loopbackNetwork())
      .icmpType(IPPROTO_ICMP, ICMP_ECHO)
      .drop();
  table.rule(silence, "ip6 daddr != ::1 icmpv6 type echo-request drop")
      .notTo(in6addr_loopback)
      .icmpType(IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST)
      .drop();
}

}  // namespace

std::optional<NetlinkRefusal> makeRules(const HostNetwork& host, wire::Mode mode) {
  NfTable table("flowtap");
  if (mode == wire::Mode::kTproxy) tproxyRules(table, host);
  else redirectRules(table);
  echoRules(table);
  return table.commit();
}

}  // namespace flowtap::linux_
