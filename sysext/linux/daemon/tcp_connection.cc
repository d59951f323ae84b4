#include "sysext/linux/daemon/tcp_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>

#include "sysext/linux/daemon/address.h"

namespace flowtap::daemon {
namespace {

using core::Side;

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
/// The peer has shut down or failed, or there is an urgent mark: a short read does not mean that the socket is empty.
constexpr uint32_t kToTheEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

}  // namespace

void TcpConnection::relay(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server) {
  auto* connection = new TcpConnection(loop, engine, std::move(start), std::move(client), std::move(server));
  connection->flow_.begin();
}

TcpConnection::TcpConnection(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server)
    : loop_(loop), fds_{std::move(client), std::move(server)}, flow_(engine, std::move(start), *this) {}

void TcpConnection::dial() {
  if (!fds_[1]) return flow_.connectFailed(ENETUNREACH);  // this host does not have the address family
  const sockaddr_storage destination = toSockaddr(flow_.about.destination);
  const int result =
      ::connect(fd(Side::kServer), reinterpret_cast<const sockaddr*>(&destination), sizeOf(destination));
  const int failure = result == 0 ? 0 : errno;
  if (failure != 0 && failure != EINPROGRESS) return flow_.connectFailed(failure);
  if (!loop_.watch(fd(Side::kClient), kEvents, *this, 0) || !loop_.watch(fd(Side::kServer), kEvents, *this, 1))
    return flow_.stop(core::CloseReason::kLimit, errno);
  if (failure == 0) flow_.connected();
}

void TcpConnection::onEvents(uint32_t events, unsigned tag) {
  const Side side = tag == 0 ? Side::kClient : Side::kServer;
  if (!flow_.isConnected()) return whileDialling(events, side);
  if (events & (EPOLLIN | kToTheEnd)) flow_.readable(side, (events & kToTheEnd) != 0);
  if (events & EPOLLOUT) flow_.writable(side);
}

void TcpConnection::whileDialling(uint32_t events, Side side) {
  if (side == Side::kClient) {
    if (events & (EPOLLERR | EPOLLHUP)) return flow_.clientGone(error(side));
    return flow_.readable(side, (events & kToTheEnd) != 0);  // remembered until the server answers
  }
  if (events & (EPOLLERR | EPOLLHUP))
    if (const int failure = error(side); failure != 0) return flow_.connectFailed(failure);
  if (events & (EPOLLOUT | EPOLLHUP)) {
    flow_.readable(side, (events & kToTheEnd) != 0);
    flow_.connected();
  }
}

void TcpConnection::onAgain() { flow_.resume(); }

long TcpConnection::read(Side side, char* data, size_t size) {
  const ssize_t n = ::recv(fd(side), data, size, 0);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? kWouldBlock : -errno;
}

long TcpConnection::write(Side side, const char* data, size_t size) {
  const ssize_t n = ::send(fd(side), data, size, MSG_NOSIGNAL);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? kWouldBlock : -errno;
}

void TcpConnection::shutdownWrite(Side side) { ::shutdown(fd(side), SHUT_WR); }

void TcpConnection::finish(bool reset) {
  const linger abort{1, 0};
  for (Fd& each : fds_) {
    if (reset && each) ::setsockopt(each.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    each.reset();
  }
  loop_.retire(*this);
}

void TcpConnection::again() { loop_.again(*this); }

int TcpConnection::error(Side side) const {
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(fd(side), SOL_SOCKET, SO_ERROR, &failure, &size);
  return failure;
}

}  // namespace flowtap::daemon
