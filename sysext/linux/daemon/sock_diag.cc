#include "sysext/linux/daemon/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace flowtap::linux_ {
namespace {

constexpr uint8_t kListening = 10;  // TCP_LISTEN of the kernel

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

uint16_t put(const sockaddr_storage& address, __be32* bytes) {
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
    return v6.sin6_port;
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  std::memcpy(bytes, &v4.sin_addr, sizeof v4.sin_addr);
  return v4.sin_port;
}

}  // namespace

DiagAnswer parseDiagAnswer(const void* data, size_t size, uint32_t sequence, uint16_t clientPort,
                           SocketIdentity& identity) {
  nlmsghdr header{};
  if (size < sizeof header) return DiagAnswer::kOther;
  std::memcpy(&header, data, sizeof header);
  if (header.nlmsg_seq != sequence) return DiagAnswer::kOther;
  inet_diag_msg found{};
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > size ||
      header.nlmsg_len < NLMSG_LENGTH(sizeof found))
    return DiagAnswer::kNone;
  std::memcpy(&found, static_cast<const char*>(data) + NLMSG_HDRLEN, sizeof found);
  // Where the client's socket has gone, the kernel falls back to a listener that would take its packets.
  if (found.idiag_state == kListening || found.id.idiag_sport != clientPort) return DiagAnswer::kNone;
  identity = {found.idiag_inode, found.idiag_uid};
  return DiagAnswer::kFound;
}

std::optional<SocketIdentity> SockDiag::find(wire::Protocol protocol, const sockaddr_storage& client,
                                             const sockaddr_storage& server) {
  const bool udp = protocol == wire::Protocol::kUdp;
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_seq = ++sequence_;
  auto& body = request.body;
  body.sdiag_family = static_cast<uint8_t>(client.ss_family);
  body.sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
  body.idiag_states = ~uint32_t{0};
  body.id.idiag_cookie[0] = body.id.idiag_cookie[1] = static_cast<uint32_t>(INET_DIAG_NOCOOKIE);
  // For UDP the kernel looks up the receiver of a packet, so the server is the source.
  body.id.idiag_sport = put(udp ? server : client, body.id.idiag_src);
  body.id.idiag_dport = put(udp ? client : server, body.id.idiag_dst);
  const uint16_t clientPort = udp ? body.id.idiag_dport : body.id.idiag_sport;

  ssize_t sent;
  do sent = ::send(fd_, &request, sizeof request, MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return std::nullopt;
  // The kernel answers inside send(). Older answers, if any are left, are passed over.
  alignas(nlmsghdr) char buffer[2048];
  for (;;) {
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    SocketIdentity identity;
    switch (parseDiagAnswer(buffer, static_cast<size_t>(size), sequence_, clientPort, identity)) {
      case DiagAnswer::kFound: return identity;
      case DiagAnswer::kNone: return std::nullopt;
      case DiagAnswer::kOther: break;
    }
  }
}

}  // namespace flowtap::linux_
