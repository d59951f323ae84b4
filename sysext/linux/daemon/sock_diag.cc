#include "sysext/linux/daemon/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {
namespace {

// States of the kernel.
constexpr uint8_t kEstablished = 1;       // TCP_ESTABLISHED
constexpr uint8_t kSynReceived = 3;       // TCP_SYN_RECV
constexpr uint8_t kListening = 10;        // TCP_LISTEN
constexpr uint8_t kNewSynReceived = 12;   // TCP_NEW_SYN_RECV

constexpr size_t kTogether = 64;  // questions in one call; their answers fit into the socket's buffer
constexpr size_t kAnswerBytes = 512;

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

Request request(uint8_t family, uint8_t protocol, uint32_t sequence) {
  Request made{};
  made.header.nlmsg_len = sizeof made;
  made.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  made.header.nlmsg_flags = NLM_F_REQUEST;
  made.header.nlmsg_seq = sequence;
  made.body.sdiag_family = family;
  made.body.sdiag_protocol = protocol;
  made.body.idiag_states = ~uint32_t{0};
  made.body.id.idiag_cookie[0] = made.body.id.idiag_cookie[1] = static_cast<uint32_t>(INET_DIAG_NOCOOKIE);
  return made;
}

uint16_t portOf(const sockaddr_storage& address) {
  // At the same place in both.
  return reinterpret_cast<const sockaddr_in&>(address).sin_port;
}

Request requestOfClient(wire::Protocol protocol, const sockaddr_storage& client, const sockaddr_storage& server,
                        uint32_t sequence) {
  const bool udp = protocol == wire::Protocol::kUdp;
  Request ask = request(static_cast<uint8_t>(client.ss_family), udp ? IPPROTO_UDP : IPPROTO_TCP, sequence);
  auto& id = ask.body.id;
  // For UDP the kernel looks up the receiver of a packet, so the server is the source.
  id.idiag_sport = put(udp ? server : client, id.idiag_src);
  id.idiag_dport = put(udp ? client : server, id.idiag_dst);
  return ask;
}

/// An answer to one exact look-up. kFound: `found` is set.
DiagAnswer parseSocket(const void* data, size_t size, uint32_t sequence, inet_diag_msg& found) {
  nlmsghdr header{};
  if (size < sizeof header) return DiagAnswer::kOther;
  std::memcpy(&header, data, sizeof header);
  if (header.nlmsg_seq != sequence) return DiagAnswer::kOther;
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > size ||
      header.nlmsg_len < NLMSG_LENGTH(sizeof found))
    return DiagAnswer::kNone;
  std::memcpy(&found, static_cast<const char*>(data) + NLMSG_HDRLEN, sizeof found);
  return DiagAnswer::kFound;
}

/// The kernel answers inside send(). Older answers, if any are left, are passed over.
template <typename Parse>
DiagAnswer receive(int fd, Parse&& parse) {
  alignas(nlmsghdr) char buffer[2048];
  for (;;) {
    const ssize_t size = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return DiagAnswer::kNone;
    const DiagAnswer answer = parse(buffer, static_cast<size_t>(size));
    if (answer != DiagAnswer::kOther) return answer;
  }
}

ListeningSocket listeningSocket(const inet_diag_msg& from) {
  ListeningSocket socket;
  if (from.idiag_family == AF_INET6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = from.id.idiag_sport;
    std::memcpy(&in.sin6_addr, from.id.idiag_src, sizeof in.sin6_addr);
    std::memcpy(&socket.address, &in, sizeof in);
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = from.id.idiag_sport;
    std::memcpy(&in.sin_addr, from.id.idiag_src, sizeof in.sin_addr);
    std::memcpy(&socket.address, &in, sizeof in);
  }
  socket.inode = from.idiag_inode;
  return socket;
}

}  // namespace

DiagAnswer parseDiagAnswer(const void* data, size_t size, uint32_t sequence, uint16_t clientPort,
                           SocketIdentity& identity) {
  inet_diag_msg found{};
  const DiagAnswer answer = parseSocket(data, size, sequence, found);
  if (answer != DiagAnswer::kFound) return answer;
  // Where the client's socket has gone, the kernel falls back to a listener that would take its packets.
  if (found.idiag_state == kListening || found.id.idiag_sport != clientPort) return DiagAnswer::kNone;
  const uint8_t state = found.idiag_state;
  identity = {found.idiag_inode, found.idiag_uid,
              state == kEstablished || state == kSynReceived || state == kNewSynReceived};
  return DiagAnswer::kFound;
}

DiagAnswer parseListenerAnswer(const void* data, size_t size, uint32_t sequence, uint16_t serverPort) {
  inet_diag_msg found{};
  const DiagAnswer answer = parseSocket(data, size, sequence, found);
  if (answer != DiagAnswer::kFound) return answer;
  return found.idiag_state == kListening && found.id.idiag_sport == serverPort ? DiagAnswer::kFound : DiagAnswer::kNone;
}

std::optional<DiagAnswer> parseListeners(const void* data, size_t size, uint32_t sequence,
                                         std::vector<ListeningSocket>& listeners) {
  const auto* at = static_cast<const char*>(data);
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, at, sizeof header);
    if (header.nlmsg_seq != sequence) return DiagAnswer::kOther;
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) return std::nullopt;
    if (header.nlmsg_type == NLMSG_DONE) return DiagAnswer::kNone;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg)))
      return std::nullopt;
    inet_diag_msg found{};
    std::memcpy(&found, at + NLMSG_HDRLEN, sizeof found);
    ListeningSocket socket = listeningSocket(found);
    forEachAttribute(at + NLMSG_LENGTH(sizeof found), header.nlmsg_len - NLMSG_LENGTH(sizeof found),
                     [&socket](uint16_t type, const void* value, size_t length) {
                       if (type == INET_DIAG_SKV6ONLY && length >= 1)
                         socket.ipv6Only = *static_cast<const uint8_t*>(value) != 0;
                     });
    if (found.idiag_state == kListening) listeners.push_back(socket);
    const size_t whole = std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    at += whole;
    size -= whole;
  }
  return DiagAnswer::kFound;
}

bool SockDiag::send(const void* request, size_t size) {
  ssize_t sent;
  do sent = ::send(fd_, request, size, MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

std::optional<SocketIdentity> SockDiag::find(wire::Protocol protocol, const sockaddr_storage& client,
                                             const sockaddr_storage& server) {
  const Request ask = requestOfClient(protocol, client, server, ++sequence_);
  const uint16_t clientPort = portOf(client);
  if (!send(&ask, sizeof ask)) return std::nullopt;
  SocketIdentity identity;
  const DiagAnswer answer = receive(fd_, [&](const void* data, size_t size) {
    return parseDiagAnswer(data, size, sequence_, clientPort, identity);
  });
  if (answer != DiagAnswer::kFound) return std::nullopt;
  return identity;
}

void SockDiag::findAll(std::vector<Client>& clients) {
  // Used within one call only.
  static Request asks[kTogether];
  static char answers[kTogether][kAnswerBytes];
  static iovec parts[kTogether];
  static mmsghdr messages[kTogether];
  for (size_t begin = 0; begin < clients.size(); begin += kTogether) {
    const size_t count = std::min(clients.size() - begin, kTogether);
    const uint32_t first = sequence_ + 1;
    for (size_t i = 0; i < count; i++) {
      const Client& client = clients[begin + i];
      asks[i] = requestOfClient(wire::Protocol::kTcp, client.address, client.server, ++sequence_);
      parts[i] = {answers[i], kAnswerBytes};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (!send(asks, count * sizeof asks[0])) return;
    for (size_t left = count; left > 0;) {
      const int got = ::recvmmsg(fd_, messages, static_cast<unsigned>(left), MSG_DONTWAIT, nullptr);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      for (int i = 0; i < got; i++) {
        nlmsghdr header{};
        if (messages[i].msg_len < sizeof header) continue;
        std::memcpy(&header, answers[i], sizeof header);
        const uint32_t index = header.nlmsg_seq - first;
        if (index >= count) continue;  // an older answer
        Client& client = clients[begin + index];
        SocketIdentity identity;
        client.answered = true;
        left--;
        if (parseDiagAnswer(answers[i], messages[i].msg_len, header.nlmsg_seq, portOf(client.address), identity) ==
            DiagAnswer::kFound)
          client.socket = identity;
      }
    }
  }
}

bool SockDiag::hasListener(const sockaddr_storage& client, const sockaddr_storage& server) {
  Request ask = request(static_cast<uint8_t>(client.ss_family), IPPROTO_TCP, ++sequence_);
  // The look-up of the socket that a packet from the client would be given to.
  auto& id = ask.body.id;
  id.idiag_sport = put(server, id.idiag_src);
  id.idiag_dport = put(client, id.idiag_dst);
  if (!send(&ask, sizeof ask)) return false;
  return receive(fd_, [&](const void* data, size_t size) {
           return parseListenerAnswer(data, size, sequence_, id.idiag_sport);
         }) == DiagAnswer::kFound;
}

std::optional<std::vector<ListeningSocket>> SockDiag::listeners(int family) {
  Request ask = request(static_cast<uint8_t>(family), IPPROTO_TCP, ++sequence_);
  ask.header.nlmsg_flags |= NLM_F_DUMP;
  ask.body.idiag_states = 1u << kListening;  // the kernel then looks at no other socket
  if (!send(&ask, sizeof ask)) return std::nullopt;
  std::vector<ListeningSocket> found;
  alignas(nlmsghdr) static char buffer[32 * 1024];  // used within one call only
  for (;;) {
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 || static_cast<size_t>(size) > sizeof buffer) return std::nullopt;
    const auto answer = parseListeners(buffer, static_cast<size_t>(size), sequence_, found);
    if (!answer) return std::nullopt;
    if (*answer == DiagAnswer::kNone) return found;
  }
}

}  // namespace flowtap::linux_
