#include "sysext/macos/runtime/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace flowtap::macos {
namespace {

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;  // SO_NOSIGPIPE is set
#endif
#ifdef TCP_KEEPIDLE
constexpr int kKeepIdle = TCP_KEEPIDLE;
#else
constexpr int kKeepIdle = TCP_KEEPALIVE;
#endif
constexpr size_t kDatagramBytes = 65536;

void set(int fd, int level, int name, int value) {
  (void)::setsockopt(fd, level, name, &value, sizeof value);  // what an old system lacks is done without
}

socklen_t toSockaddr(const core::Address& from, sockaddr_storage& to) {
  to = {};
  if (from.size == 4) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&to);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(from.port);
    std::memcpy(&v4->sin_addr, from.bytes.data(), 4);
    return sizeof *v4;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&to);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(from.port);
  std::memcpy(&v6->sin6_addr, from.bytes.data(), 16);
  return sizeof *v6;
}

core::Address toAddress(const sockaddr_storage& from) {
  core::Address to;
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    to.size = 4;
    to.port = ntohs(v4.sin_port);
    std::memcpy(to.bytes.data(), &v4.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    to.size = 16;
    to.port = ntohs(v6.sin6_port);
    std::memcpy(to.bytes.data(), &v6.sin6_addr, 16);
  }
  return to;
}

Fd open(int family, int type, uint32_t interface) {
  Fd socket(::socket(family, type, 0));
  if (!socket) return socket;
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
#ifdef SO_NOSIGPIPE
  set(socket.get(), SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
#ifdef IP_BOUND_IF
  const int index = static_cast<int>(interface);
  if (index != 0) set(socket.get(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                      family == AF_INET ? IP_BOUND_IF : IPV6_BOUND_IF, index);
#else
  (void)interface;
#endif
  return socket;
}

}  // namespace

// ---- TCP ----

TcpSocket::~TcpSocket() { close(true); }

int TcpSocket::dial(const core::Address& to) {
  if (to.size == 0) return EHOSTUNREACH;  // its name has no address
  sockaddr_storage address;
  const socklen_t size = toSockaddr(to, address);
  socket_ = open(address.ss_family, SOCK_STREAM, interface_);
  if (!socket_) return errno;
  // The program's own delays, if it has any, came before the proxy.
  set(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket_.get(), IPPROTO_TCP, TCP_KEEPCNT, 6);
  askSoon(false);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    if (errno != EINPROGRESS) return errno;
    dialling_ = true;
  }
  loop_.add(*this);
  return dialling_ ? EINPROGRESS : 0;
}

void TcpSocket::askSoon(bool soon) {
  if (!socket_) return;
  set(socket_.get(), IPPROTO_TCP, kKeepIdle, soon ? 1 : 60);
  set(socket_.get(), IPPROTO_TCP, TCP_KEEPINTVL, soon ? 5 : 10);
}

long TcpSocket::read(char* data, size_t size) {
  const ssize_t n = ::recv(socket_.get(), data, size, MSG_DONTWAIT);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
}

long TcpSocket::write(const char* data, size_t size) {
  const ssize_t n = ::send(socket_.get(), data, size, kSendFlags);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
}

void TcpSocket::shutdownWrite() { ::shutdown(socket_.get(), SHUT_WR); }

void TcpSocket::close(bool reset) {
  if (!socket_) return;
  loop_.remove(*this);
  const linger abort{1, 0};
  if (reset) (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  socket_.reset();
}

void TcpSocket::wait(bool input, bool output) {
  events_ = static_cast<short>((input ? POLLIN : 0) | (output ? POLLOUT : 0));
}

void TcpSocket::onEvents(short events) {
  if (dialling_) {
    int error = 0;
    socklen_t size = sizeof error;
    (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    dialling_ = false;
    return stream_->serverConnected(error);
  }
  const bool ended = (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  stream_->serverReady((events_ & POLLIN) && (ended || (events & POLLIN)),
                       (events_ & POLLOUT) && (ended || (events & POLLOUT)));
}

// ---- UDP ----

short UdpSocket::Half::events() const { return of && of->waiting_ ? POLLIN : 0; }
void UdpSocket::Half::onEvents(short) { of->flow_->serverReady(); }

int UdpSocket::send(const core::Address& to, const std::string& bytes) {
  sockaddr_storage address;
  const socklen_t size = toSockaddr(to, address);
  Half& half = halves_[to.size == 4 ? 0 : 1];
  if (!half.socket) {
    half.socket = open(address.ss_family, SOCK_DGRAM, interface_);
    if (!half.socket) return errno;
    half.of = this;
    loop_.add(half);
  }
  for (int attempt = 0; attempt < 2; attempt++) {
    const ssize_t sent = ::sendto(half.socket.get(), bytes.data(), bytes.size(), kSendFlags,
                                  reinterpret_cast<const sockaddr*>(&address), size);
    if (sent >= 0) return 0;
    // It can be of an earlier datagram to another peer: then sending works now.
    if (errno != ECONNREFUSED && errno != EINTR) break;
  }
  return errno;
}

bool UdpSocket::receive(core::NeDatagram& datagram) {
  static thread_local std::string memory(kDatagramBytes, '\0');
  for (Half& half : halves_) {
    if (!half.socket) continue;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(half.socket.get(), memory.data(), memory.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 0) continue;
    datagram.bytes.assign(memory.data(), static_cast<size_t>(n));
    datagram.peer = toAddress(from);
    return true;
  }
  return false;
}

void UdpSocket::close() {
  for (Half& half : halves_) {
    if (half.socket) loop_.remove(half);
    half.socket.reset();
  }
}

}  // namespace flowtap::macos
