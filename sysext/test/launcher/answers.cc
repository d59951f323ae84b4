#include <netinet/in.h>
#include <poll.h>

#include <linux/netfilter_ipv4.h>

#include <cstdlib>
#include <cstring>

#include "sysext/linux/daemon/held_syn.h"
#include "sysext/linux/daemon/raw_packet.h"
#include "sysext/test/launcher/proxy.h"

namespace flowtap::test {
namespace {

using Role = wire::SocketRole;

/// Accepted by REDIRECT: the connection's destination before NAT.
bool redirectedFrom(int fd, sockaddr_storage& server) {
  constexpr int kIpv6OriginalDestination = 80;  // IP6T_SO_ORIGINAL_DST
  socklen_t size = sizeof server;
  return server.ss_family == AF_INET6
             ? ::getsockopt(fd, SOL_IPV6, kIpv6OriginalDestination, &server, &size) == 0
             : ::getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, &server, &size) == 0;
}

}  // namespace

Answers::Answers(const Handover& handover)
    : handover_(handover),
      attribution_(handover.fd(Role::kSockDiag), static_cast<pid_t>(handover.attach.rootPid)),
      thread_([this] { run(); }) {}

Answers::~Answers() {
  stop_ = true;
  thread_.join();
}

std::vector<Seen> Answers::seen() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return seen_;
}

void Answers::add(Seen seen) {
  const std::lock_guard<std::mutex> lock(mutex_);
  seen_.push_back(std::move(seen));
}

void Answers::run() {
  const Role roles[] = {Role::kTcp4Listener, Role::kTcp6Listener, Role::kUdp4,
                        Role::kUdp6,         Role::kNfqueue4,     Role::kNfqueue6};
  while (!stop_) {
    pollfd watched[6];
    for (int i = 0; i < 6; i++) watched[i] = {handover_.fd(roles[i]), POLLIN, 0};
    if (::poll(watched, 6, 20) <= 0) continue;
    if (watched[4].revents) onHeld(watched[4].fd, 4);
    if (watched[5].revents) onHeld(watched[5].fd, 6);
    for (int i = 0; i < 2; i++)
      if (watched[i].revents) onTcp(watched[i].fd);
    if (watched[2].revents) onUdp(watched[2].fd, handover_.fd(Role::kRaw4));
    if (watched[3].revents) onUdp(watched[3].fd, handover_.fd(Role::kRaw6));
  }
}

void Answers::onHeld(int queue, uint16_t number) {
  // All that wait share one look, as in the daemon.
  std::vector<linux_::HeldSyn> held;
  char data[1024];
  for (ssize_t size; (size = ::recv(queue, data, sizeof data, MSG_DONTWAIT)) >= 0;)
    if (const auto syn = linux_::parseHeldSyn(data, static_cast<size_t>(size))) held.push_back(*syn);
  if (held.empty()) return;
  attribution_.look();
  for (const auto& syn : held)
    held_[text(syn.client)] = attribution_.find(wire::Protocol::kTcp, syn.client, syn.server);
  const std::string verdict = linux_::releaseUpTo(number, held.back().id);
  (void)!::send(queue, verdict.data(), verdict.size(), 0);
}

linux_::ProcessInfoPtr Answers::lookUp(wire::Protocol protocol, const sockaddr_storage& client,
                                      const sockaddr_storage& server) {
  attribution_.look();
  return attribution_.find(protocol, client, server);
}

void Answers::onTcp(int listener) {
  sockaddr_storage client{}, server{};
  socklen_t size = sizeof client;
  const Fd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&client), &size, SOCK_CLOEXEC));
  if (!fd) return;
  size = sizeof server;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&server), &size);
  if (handover_.attach.mode == wire::Mode::kRedirect && !redirectedFrom(fd.get(), server)) return;
  Seen seen{"tcp", text(client), text(server), 0, {}};
  const auto held = held_.find(seen.client);
  seen.process = held != held_.end() ? held->second : lookUp(wire::Protocol::kTcp, client, server);
  const timeval patience{5, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char claimed[16]{};
  if (::recv(fd.get(), claimed, sizeof claimed - 1, 0) > 0) seen.claimedPid = static_cast<uint32_t>(std::atoi(claimed));
  // Known before the client goes on, so that a test which waits for the client finds it.
  const std::string reply = seen.server;
  add(std::move(seen));
  (void)!::send(fd.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
}

void Answers::onUdp(int socket, int raw) {
  sockaddr_storage client{}, server{};
  char data[64]{};
  iovec part{data, sizeof data - 1};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_name = &client;
  message.msg_namelen = sizeof client;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_DONTWAIT) < 0) return;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const bool v4 = header->cmsg_level == SOL_IP && header->cmsg_type == IP_ORIGDSTADDR;
    const bool v6 = header->cmsg_level == SOL_IPV6 && header->cmsg_type == IPV6_ORIGDSTADDR;
    if (v4 || v6) std::memcpy(&server, CMSG_DATA(header), v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  }
  Seen seen{"udp", text(client), text(server), static_cast<uint32_t>(std::atoi(data)),
            lookUp(wire::Protocol::kUdp, client, server)};
  const std::string reply = seen.server;
  add(std::move(seen));
  char packet[daemon::kPacketHeadroom + 64];
  std::memcpy(packet + daemon::kPacketHeadroom, reply.data(), reply.size());
  daemon::sendUdp(raw, coreAddress(server), coreAddress(client), packet + daemon::kPacketHeadroom, reply.size());
}

}  // namespace flowtap::test
