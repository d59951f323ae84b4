#include "sysext/linux/launcher/sockets.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "sysext/linux/launcher/problem.h"
#include "sysext/linux/launcher/rules.h"
#include "sysext/linux/marks.h"

namespace flowtap::linux_ {
namespace {

constexpr int kBacklog = 4096;                  // the default net.core.somaxconn
constexpr int kDatagramBuffer = 4 * 1024 * 1024;  // the kernel cuts it at net.core.rmem_max

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  throw CaptureImpossible({"socket-failed", "A socket of the capture could not be made (" + what + ": " +
                                                std::generic_category().message(error) + ")"});
}

void enable(const Fd& fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd.get(), level, option, &on, sizeof on) != 0) fail(name);
}

Fd make(int family, int type, int protocol, const char* name) {
  Fd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd) fail(name);
  return fd;
}

/// A socket of the wildcard address at kProxyPort that stands for any destination.
Fd bound(int family, int type, bool transparent, const char* name) {
  Fd fd = make(family, type, 0, name);
  const bool v6 = family == AF_INET6;
  enable(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
  if (v6) enable(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
  if (transparent) {
    if (v6) enable(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, "IPV6_TRANSPARENT");
    else enable(fd, IPPROTO_IP, IP_TRANSPARENT, "IP_TRANSPARENT");
  }
  if (type == SOCK_DGRAM) {
    if (v6) enable(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, "IPV6_RECVORIGDSTADDR");
    else enable(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, "IP_RECVORIGDSTADDR");
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kDatagramBuffer, sizeof kDatagramBuffer);  // as much as there is
  }
  sockaddr_in v4Address{};
  v4Address.sin_family = AF_INET;
  v4Address.sin_port = htons(kProxyPort);
  sockaddr_in6 v6Address{};
  v6Address.sin6_family = AF_INET6;
  v6Address.sin6_port = htons(kProxyPort);
  const int result = v6 ? ::bind(fd.get(), reinterpret_cast<sockaddr*>(&v6Address), sizeof v6Address)
                        : ::bind(fd.get(), reinterpret_cast<sockaddr*>(&v4Address), sizeof v4Address);
  if (result != 0) fail("bind");
  if (type == SOCK_STREAM && ::listen(fd.get(), kBacklog) != 0) fail("listen");
  return fd;
}

/// For datagrams, and refusals of connections, with any source address. The mark tells the rules that they are the proxy's.
Fd raw(int family, const char* name) {
  Fd fd = make(family, SOCK_RAW, IPPROTO_RAW, name);
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kProxyMark, sizeof kProxyMark) != 0) fail("SO_MARK");
  return fd;
}

}  // namespace

std::vector<CaptureSocket> makeCaptureSockets(const HostNetwork& host, wire::Mode mode) {
  using Role = wire::SocketRole;
  const bool tproxy = mode == wire::Mode::kTproxy;
  std::vector<CaptureSocket> sockets;
  sockets.push_back({Role::kTcp4Listener, bound(AF_INET, SOCK_STREAM, tproxy, "TCP over IPv4")});
  if (host.ipv6Loopback) sockets.push_back({Role::kTcp6Listener, bound(AF_INET6, SOCK_STREAM, tproxy, "TCP over IPv6")});
  if (tproxy) {
    sockets.push_back({Role::kUdp4, bound(AF_INET, SOCK_DGRAM, true, "UDP over IPv4")});
    if (host.ipv6Loopback) sockets.push_back({Role::kUdp6, bound(AF_INET6, SOCK_DGRAM, true, "UDP over IPv6")});
  }
  sockets.push_back({Role::kRaw4, raw(AF_INET, "raw IPv4")});
  if (host.ipv6Loopback) sockets.push_back({Role::kRaw6, raw(AF_INET6, "raw IPv6")});
  sockets.push_back({Role::kSockDiag, make(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, "sock_diag")});
  return sockets;
}

}  // namespace flowtap::linux_
