#include "sysext/test/launcher/proxy.h"

#include <arpa/inet.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace flowtap::test {
namespace {

constexpr int kPatience = 15000;  // ms

bool readable(int fd, int patience = kPatience) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, patience) == 1;
}

/// One frame and the descriptors that came with it.
bool receive(int control, wire::ClientFrame& frame, std::vector<Fd>& descriptors) {
  std::string bytes;
  size_t wanted = 4;
  while (bytes.size() < wanted) {
    if (!readable(control)) return false;
    char part[4096];
    iovec vector{part, std::min(sizeof part, wanted - bytes.size())};
    alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int) * 16)];
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = rights;
    message.msg_controllen = sizeof rights;
    const ssize_t got = ::recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) return false;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_type != SCM_RIGHTS) continue;
      for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
        descriptors.emplace_back(fd);
      }
    }
    bytes.append(part, static_cast<size_t>(got));
    if (bytes.size() == 4) {
      uint32_t size = 0;
      std::memcpy(&size, bytes.data(), sizeof size);
      wanted = 4 + size;
    }
  }
  return wire::parse(bytes.data() + 4, bytes.size() - 4, frame);
}

void send(int control, const wire::ProxyFrame& frame) {
  const std::string message = wire::serialise(frame);
  const auto size = static_cast<uint32_t>(message.size());
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  bytes += message;
  (void)!::send(control, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace

void Handover::accept() {
  wire::ProxyFrame frame;
  frame.attached.emplace().mode = attach.mode;
  send(control.get(), frame);
}

void Handover::refuse(const std::string& reason) {
  wire::ProxyFrame frame;
  frame.refused.emplace().text = reason;
  send(control.get(), frame);
}

bool Handover::ended() {
  char byte;
  return readable(control.get(), 0) && ::recv(control.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

Proxy::Proxy()
    : listener_(Listener::start(
          directory() + "/proxy.sock", {},
          [this](int fd, const Peer& peer) { waiting_.emplace_back(Fd(fd), peer); }, [](auto&, auto&) {})) {
  if (!listener_.listener) std::printf("  %s\n", listener_.text.c_str());
}

std::optional<Handover> Proxy::take() {
  if (!readable(listener_.listener->pollFd())) return std::nullopt;
  listener_.listener->onReadable();
  if (waiting_.empty()) return std::nullopt;
  Handover handover;
  handover.control = std::move(waiting_.back().first);
  handover.peer = waiting_.back().second;
  waiting_.clear();
  wire::ClientFrame frame;
  std::vector<Fd> descriptors;
  if (!receive(handover.control.get(), frame, descriptors) || !frame.hello) return std::nullopt;
  handover.hello = *frame.hello;
  wire::ProxyFrame welcome;
  welcome.welcome.emplace().version = 1;
  send(handover.control.get(), welcome);
  if (!receive(handover.control.get(), frame, descriptors) || !frame.attach) return std::nullopt;
  handover.attach = *frame.attach;
  if (descriptors.size() != handover.attach.sockets.size()) return std::nullopt;
  for (size_t i = 0; i < descriptors.size(); i++)
    handover.sockets[handover.attach.sockets[i]] = std::move(descriptors[i]);
  return handover;
}

std::string text(const sockaddr_storage& address) {
  char buffer[INET6_ADDRSTRLEN];
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return std::string(::inet_ntop(AF_INET, &v4.sin_addr, buffer, sizeof buffer)) + ":" +
           std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  return "[" + std::string(::inet_ntop(AF_INET6, &v6.sin6_addr, buffer, sizeof buffer)) +
         "]:" + std::to_string(ntohs(v6.sin6_port));
}

sockaddr_storage address(const std::string& host, uint16_t port) {
  sockaddr_storage result{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(result);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else {
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);
    v6.sin6_port = htons(port);
  }
  return result;
}

socklen_t sizeOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

core::Address coreAddress(const sockaddr_storage& address) {
  core::Address result;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
    result.size = 4;
    result.port = ntohs(v4.sin_port);
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    result.size = 16;
    result.port = ntohs(v6.sin6_port);
  }
  return result;
}

}  // namespace flowtap::test
