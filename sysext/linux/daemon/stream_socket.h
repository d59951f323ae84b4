// Calls on the sockets of relayed connections, as core::StreamIo wants them.
#pragma once
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "native/fd.h"
#include "sysext/core/stream_flow.h"

namespace flowtap::daemon {

constexpr uint32_t kStreamEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
/// The peer has shut down or failed, or there is an urgent mark: a short read does not mean that the socket is empty.
constexpr uint32_t kToTheEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

/// What is sent goes out at once, and an urgent byte stays where it is. Accepted sockets inherit it from their listener.
inline void setStreamOptions(const Fd& socket) {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

/// As core::StreamIo::read and write have it.
inline long streamResult(ssize_t n) {
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
}
inline long readStream(const Fd& socket, char* data, size_t size) {
  return streamResult(::recv(socket.get(), data, size, 0));
}
inline long writeStream(const Fd& socket, const char* data, size_t size) {
  return streamResult(::send(socket.get(), data, size, MSG_NOSIGNAL));
}

/// `reset`: the peer is told that it did not end in order.
inline void closeStream(Fd& socket, bool reset) {
  const linger abort{1, 0};
  if (reset && socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  socket.reset();
}

}  // namespace flowtap::daemon
