#include "sysext/linux/daemon/explicit_server.h"

#include <cerrno>

#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/stream_socket.h"

namespace flowtap::daemon {
namespace {

using core::Side;

}  // namespace

void ExplicitServer::begin() {
  dialling_ = true;
  if (!engine_.admits()) error_ = ENOBUFS;
  flow_.begin();
}

void ExplicitServer::dial() {
  const sockaddr_storage destination = toSockaddr(flow_.about.destination);
  socket_.reset(::socket(destination.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return fail(errno == EAFNOSUPPORT ? ENETUNREACH : errno);
  if (isReserved(socket_.get())) return fail(EMFILE);
  setStreamOptions(socket_);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&destination), sizeOf(destination)) != 0 &&
      errno != EINPROGRESS)
    return fail(errno);
  if (!loop_.watch(socket_.get(), kStreamEvents, *this)) fail(errno);
}

void ExplicitServer::fail(int error) {
  error_ = error;
  flow_.connectFailed(error);
}

void ExplicitServer::onEvents(uint32_t events, unsigned) {
  if (dialling_) {
    int error = 0;
    socklen_t size = sizeof error;
    if (events & (EPOLLERR | EPOLLHUP)) ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(error);
    if (!(events & (EPOLLOUT | EPOLLHUP))) return;
    dialling_ = false;
    peer_.answered(*this);
    flow_.readable(Side::kServer, (events & kToTheEnd) != 0);
    flow_.readable(Side::kClient, true);
    return flow_.connected();
  }
  if (events & (EPOLLIN | kToTheEnd)) flow_.readable(Side::kServer, (events & kToTheEnd) != 0);
  if (events & EPOLLOUT) flow_.writable(Side::kServer);
}

void ExplicitServer::leave() {
  leaving_ = true;
  loop_.again(*this);
}

core::Address ExplicitServer::local() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return toAddress(address);
}

long ExplicitServer::read(Side side, char* data, size_t size) {
  if (leaving_) return 0;
  if (side == Side::kClient) return peer_.readClient(data, size);
  return readStream(socket_, data, size);
}

long ExplicitServer::write(Side side, const char* data, size_t size) {
  if (side == Side::kClient) return peer_.writeClient(data, size);
  return writeStream(socket_, data, size);
}

void ExplicitServer::shutdownWrite(Side side) {
  if (side == Side::kServer) ::shutdown(socket_.get(), SHUT_WR);
  else peer_.serverEnded();
}

void ExplicitServer::finish(bool reset) {
  closeStream(socket_, reset);
  loop_.retire(*this);
  if (dialling_) peer_.failed(*this, error_);
  else peer_.over(*this, reset);
}

}  // namespace flowtap::daemon
