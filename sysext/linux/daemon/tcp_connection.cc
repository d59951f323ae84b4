#include "sysext/linux/daemon/tcp_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/syn_gate.h"

namespace flowtap::daemon {
namespace {

using core::Side;

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
/// The peer has shut down or failed, or there is an urgent mark: a short read does not mean that the socket is empty.
constexpr uint32_t kToTheEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

/// EADDRNOTAVAIL has two meanings for connect(): no address to call from, or no free port. Datagram sockets need the
/// former only; connecting one sends nothing.
bool hasAddressFor(const sockaddr_storage& destination) {
  const Fd probe(::socket(destination.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !probe || ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&destination), sizeOf(destination)) == 0;
}

}  // namespace

void TcpConnection::relay(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server) {
  (new TcpConnection(loop, engine, std::move(start), std::move(client), std::move(server), nullptr))->begin();
}

TcpConnection::TcpConnection(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server,
                             SynGate* gate)
    : loop_(loop), gate_(gate), fds_{std::move(client), std::move(server)}, flow_(engine, std::move(start), *this) {}

void TcpConnection::dial() {
  if (!fds_[1]) return failed(ENETUNREACH);  // this host does not have the address family
  const sockaddr_storage destination = toSockaddr(flow_.about.destination);
  const auto connect = [&] {
    return ::connect(fd(Side::kServer), reinterpret_cast<const sockaddr*>(&destination), sizeOf(destination)) == 0 ? 0
                                                                                                                : errno;
  };
  int result = connect();
  // The loopback has answered before connect() returns; asking for that is cheaper than a turn of the loop.
  if (result == EINPROGRESS && gate_ && isLoopback(flow_.about.destination)) result = connect();
  if (result == EINPROGRESS || result == EALREADY) {
    if (!gate_ && !watch(Side::kClient)) return flow_.stop(core::CloseReason::kLimit, errno);
    if (!watch(Side::kServer)) flow_.stop(core::CloseReason::kLimit, errno);
    return;
  }
  if (result == EADDRNOTAVAIL && hasAddressFor(destination)) {
    failure_ = result;
    return flow_.stop(core::CloseReason::kLimit, result);
  }
  if (result == ECONNRESET) reset_ = result;
  else if (result != 0) return failed(result);
  if (gate_) return answered();
  if (!watch(Side::kClient) || !watch(Side::kServer)) return flow_.stop(core::CloseReason::kLimit, errno);
  flow_.connected();
}

void TcpConnection::answered() {
  answered_ = true;
  if (gate_) return gate_->answered(*this);
  flow_.connected();
}

void TcpConnection::failed(int error) {
  failure_ = error;
  flow_.connectFailed(error);
}

void TcpConnection::adopt(Fd client) {
  gate_ = nullptr;
  fds_[0] = std::move(client);
  const bool toldBefore = watched_;
  if (!watch(Side::kClient) || (!watched_ && !watch(Side::kServer)))
    return flow_.stop(core::CloseReason::kLimit, errno);
  // The next turn tells what is ready of a socket that is watched from now on. Mostly nothing is yet.
  if (answered_) flow_.connected(false, toldBefore);
}

void TcpConnection::abandon(int error) {
  failure_ = error;
  if (error == 0 && gate_) std::exchange(gate_, nullptr)->failed(*this, 0);
  flow_.clientGone(error);
}

bool TcpConnection::watch(Side side) {
  if (side == Side::kServer) watched_ = true;
  return loop_.watch(fd(side), kEvents, *this, side == Side::kServer);
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
  // Once it has answered, its error is left for the read that comes later.
  if (!answered_ && (events & (EPOLLERR | EPOLLHUP))) {
    const int failure = error(side);
    // Whoever resets has answered before: a refusal is ECONNREFUSED.
    if (failure == ECONNRESET) reset_ = failure;
    else if (failure != 0) return failed(failure);
  }
  if (events & kToTheEnd) flow_.readable(side, true);
  if ((events & (EPOLLOUT | EPOLLHUP)) && !answered_) answered();
}

void TcpConnection::onAgain() { flow_.resume(); }

long TcpConnection::read(Side side, char* data, size_t size) {
  const ssize_t n = ::recv(fd(side), data, size, 0);
  if (n <= 0 && side == Side::kServer && reset_ != 0) return -reset_;
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? kWouldBlock : -errno;
}

long TcpConnection::send(Side side, const char* data, size_t size, int flags) {
  if (side == Side::kServer && reset_ != 0) return -reset_;
  const ssize_t n = ::send(fd(side), data, size, MSG_NOSIGNAL | flags);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? kWouldBlock : -errno;
}

/// The kernel puts the end of the stream into the packet with its last bytes (tcp_send_fin).
long TcpConnection::writeLast(Side side, const char* data, size_t size) { return send(side, data, size, MSG_MORE); }

/// Setting the option sends what MSG_MORE has kept (tcp(7)), although it is set already.
void TcpConnection::push(Side side) {
  const int on = 1;
  ::setsockopt(fd(side), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void TcpConnection::shutdownWrite(Side side) { ::shutdown(fd(side), SHUT_WR); }

void TcpConnection::finish(bool reset) {
  if (gate_) std::exchange(gate_, nullptr)->failed(*this, failure_ != 0 ? failure_ : ECONNREFUSED);
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
