#include "sysext/linux/launcher/hold.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netfilter_ipv4.h>

#include <optional>
#include <string>

#include "sysext/linux/marks.h"
#include "sysext/linux/nf_tables.h"

namespace flowtap::linux_ {
namespace {

// Room for a burst of connects. Beyond it, packets pass unheld rather than get lost.
constexpr uint32_t kQueueLength = 16384;
constexpr int kReceiveBuffer = 4 * 1024 * 1024;
// Addresses and ports are all that is looked at.
constexpr uint32_t kHeaderBytes = 96;

enum class Way { kXtables, kNative };

/// Before NAT, which would hide the destination, and before steering.
bool makeRules(const HostNetwork& host, uint8_t family, uint16_t number, Way way) {
  NfTable table("flowtap_hold", family);
  const auto chain = table.chain("hold", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE);
  constexpr uint8_t kSynAndAck = TH_SYN | TH_ACK;
  const bool xtables = way == Way::kXtables;
  const std::string statement = xtables ? "xt target NFQUEUE" : "queue flags bypass to " + std::to_string(number);
  const auto queue = [xtables, number](auto&& rule) { xtables ? rule.queueByXtables(number) : rule.queue(number); };
  // Nearly every packet ends here.
  table.rule(chain, "tcp flags & (syn | rst) == 0 accept").tcpFlags(TH_SYN | TH_RST, 0).accept();
  table.rule(chain, "meta l4proto != tcp accept").notL4Protocol(IPPROTO_TCP).accept();
  // What the kernel answers a packet with for which it has no socket. It can be wrong (daemon/syn_gate.h).
  queue(table.rule(chain, "tcp flags & (rst | ack) == rst " + statement).tcpFlags(TH_RST | TH_ACK, TH_RST));
  table.rule(chain, "tcp flags & (syn | ack) != syn accept").notTcpFlags(kSynAndAck, TH_SYN).accept();
  table.rule(chain, "meta mark 0x666c6f77 accept").mark(kProxyMark).accept();
  // The addresses of the namespace itself, as in steering.
  if (family == NFPROTO_IPV4) {
    table.rule(chain, "ip daddr 127.0.0.0/8 meta mark set 0x686f6d65")
        .to(Ipv4Network{in_addr{htonl(INADDR_LOOPBACK)}, 8})
        .setMark(kLocalMark);
    table.rule(chain, "ip daddr HOST meta mark set 0x686f6d65").to(Ipv4Network{host.ipv4, 32}).setMark(kLocalMark);
  } else {
    table.rule(chain, "ip6 daddr ::1 meta mark set 0x686f6d65").to(in6addr_loopback).setMark(kLocalMark);
    if (host.ipv6) table.rule(chain, "ip6 daddr HOST meta mark set 0x686f6d65").to(*host.ipv6).setMark(kLocalMark);
  }
  queue(table.rule(chain, statement));
  return !table.commit();
}

/// A socket that gets what is queued under `number`.
Fd queueSocket(uint16_t number) {
  NetlinkBatch batch;
  const auto configure = [&batch, number]() -> NetlinkMessage& {
    return batch.add("configuring a packet queue", NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG, 0,
                     nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(number)});
  };
  const nfqnl_msg_config_cmd bind{NFQNL_CFG_CMD_BIND, 0, htons(AF_UNSPEC)};
  configure().attribute(NFQA_CFG_CMD, &bind, sizeof bind);
  auto& details = configure();
  const nfqnl_msg_config_params copy{htonl(kHeaderBytes), NFQNL_COPY_PACKET};
  details.attribute(NFQA_CFG_PARAMS, &copy, sizeof copy);
  details.networkNumber(NFQA_CFG_QUEUE_MAXLEN, kQueueLength);
  details.networkNumber(NFQA_CFG_MASK, NFQA_CFG_F_FAIL_OPEN);
  details.networkNumber(NFQA_CFG_FLAGS, NFQA_CFG_F_FAIL_OPEN);

  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  if (!fd) return fd;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  NetlinkSocket socket(std::move(fd));
  if (socket.send(batch)) return Fd();
  return socket.release();
}

}  // namespace

std::vector<CaptureSocket> holdConnections(const HostNetwork& host) {
  struct Family {
    uint8_t family;
    uint16_t number;
    wire::SocketRole role;
  };
  // For what it lacks the kernel runs modprobe, each time, which takes longer than all the rest. So the way that most
  // kernels have comes first, and IPv6 goes the way that IPv4 went.
  std::vector<CaptureSocket> sockets;
  for (const Way way : {Way::kXtables, Way::kNative}) {
    for (const Family& of : {Family{NFPROTO_IPV4, 4, wire::SocketRole::kNfqueue4},
                             Family{NFPROTO_IPV6, 6, wire::SocketRole::kNfqueue6}}) {
      if (of.family == NFPROTO_IPV6 && !host.ipv6Loopback) continue;
      Fd fd = queueSocket(of.number);
      if (!fd) return sockets;
      if (!makeRules(host, of.family, of.number, way)) break;
      sockets.push_back({of.role, std::move(fd)});
    }
    if (!sockets.empty()) break;
  }
  return sockets;
}

}  // namespace flowtap::linux_
