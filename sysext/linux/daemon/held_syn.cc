#include "sysext/linux/daemon/held_syn.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <cstddef>
#include <cstring>

#include "sysext/linux/marks.h"
#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {
namespace {

/// The first bytes of the TCP header (RFC 9293, section 3.1).
struct Start {
  in_port_t source;
  in_port_t destination;
  uint32_t sequence;
  uint32_t acknowledged;
  uint8_t length;
  uint8_t flags;
};
constexpr size_t kStart = offsetof(Start, flags) + 1;

void readIpv4(const char* packet, size_t size, HeldSyn& syn) {
  iphdr header{};
  if (size < sizeof header) return;
  std::memcpy(&header, packet, sizeof header);
  const size_t length = size_t{header.ihl} * 4;
  if (length < sizeof header || header.protocol != IPPROTO_TCP || size < length + kStart) return;
  Start start{};
  std::memcpy(&start, packet + length, kStart);
  sockaddr_in client{}, server{};
  client.sin_family = server.sin_family = AF_INET;
  client.sin_addr.s_addr = header.saddr;
  client.sin_port = start.source;
  server.sin_addr.s_addr = header.daddr;
  server.sin_port = start.destination;
  std::memcpy(&syn.client, &client, sizeof client);
  std::memcpy(&syn.server, &server, sizeof server);
  syn.sequence = ntohl(start.sequence);
  syn.isReset = (start.flags & TH_RST) != 0;
}

void readIpv6(const char* packet, size_t size, HeldSyn& syn) {
  ip6_hdr header{};
  // Programs that put extension headers before TCP are not known to exist; theirs goes on unseen.
  if (size < sizeof header + kStart) return;
  std::memcpy(&header, packet, sizeof header);
  if (header.ip6_nxt != IPPROTO_TCP) return;
  Start start{};
  std::memcpy(&start, packet + sizeof header, kStart);
  sockaddr_in6 client{}, server{};
  client.sin6_family = server.sin6_family = AF_INET6;
  client.sin6_addr = header.ip6_src;
  client.sin6_port = start.source;
  server.sin6_addr = header.ip6_dst;
  server.sin6_port = start.destination;
  std::memcpy(&syn.client, &client, sizeof client);
  std::memcpy(&syn.server, &server, sizeof server);
  syn.sequence = ntohl(start.sequence);
  syn.isReset = (start.flags & TH_RST) != 0;
}

}  // namespace

std::optional<HeldSyn> parseHeldSyn(const void* data, size_t size) {
  nlmsghdr header{};
  constexpr size_t kAttributes = NLMSG_HDRLEN + sizeof(nfgenmsg);
  if (size < kAttributes) return std::nullopt;
  std::memcpy(&header, data, sizeof header);
  if (header.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) || header.nlmsg_len < kAttributes ||
      header.nlmsg_len > size)
    return std::nullopt;
  HeldSyn syn;
  bool numbered = false;
  forEachAttribute(static_cast<const char*>(data) + kAttributes, header.nlmsg_len - kAttributes,
                   [&](uint16_t type, const void* value, size_t length) {
                     const auto* packet = static_cast<const char*>(value);
                     if (type == NFQA_PACKET_HDR && length >= sizeof(nfqnl_msg_packet_hdr)) {
                       nfqnl_msg_packet_hdr number{};
                       std::memcpy(&number, value, sizeof number);
                       syn.id = ntohl(number.packet_id);
                       numbered = true;
                     }
                     uint32_t mark = 0;
                     if (type == NFQA_MARK && length == sizeof mark) {
                       std::memcpy(&mark, value, sizeof mark);
                       syn.isLocal = ntohl(mark) == kLocalMark;
                     }
                     if (type != NFQA_PAYLOAD || length == 0) return;
                     const int version = static_cast<unsigned char>(packet[0]) >> 4;
                     if (version == 4) readIpv4(packet, length, syn);
                     if (version == 6) readIpv6(packet, length, syn);
                   });
  if (!numbered) return std::nullopt;
  return syn;
}

void appendVerdict(std::string& messages, uint16_t queue, uint32_t id, Verdict verdict) {
  // Written out, since there is one for each connection.
  struct Attribute {
    uint16_t size, type;
  };
  struct Message {
    nlmsghdr header;
    nfgenmsg family;
    Attribute verdictIs;
    nfqnl_msg_verdict_hdr verdict;
    Attribute markIs;
    uint32_t mark;
  } message{};
  const bool marked = verdict == Verdict::kPassInside;
  const size_t size = marked ? sizeof message : offsetof(Message, markIs);
  message.header.nlmsg_len = static_cast<uint32_t>(size);
  message.header.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT;
  message.header.nlmsg_flags = NLM_F_REQUEST;
  message.family = {AF_UNSPEC, NFNETLINK_V0, htons(queue)};
  message.verdictIs = {sizeof(Attribute) + sizeof message.verdict, NFQA_VERDICT_HDR};
  message.verdict = {htonl(verdict == Verdict::kDrop ? NF_DROP : NF_ACCEPT), htonl(id)};
  message.markIs = {sizeof(Attribute) + sizeof message.mark, NFQA_MARK};
  message.mark = htonl(kProxyMark);
  messages.append(reinterpret_cast<const char*>(&message), size);
}

std::string releaseUpTo(uint16_t queue, uint32_t id) {
  NetlinkMessage message(NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH, 0,
                         nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(queue)});
  const nfqnl_msg_verdict_hdr verdict{htonl(NF_ACCEPT), htonl(id)};
  message.attribute(NFQA_VERDICT_HDR, &verdict, sizeof verdict);
  return message.bytes(0);
}

}  // namespace flowtap::linux_
