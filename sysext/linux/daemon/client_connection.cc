#include "sysext/linux/daemon/client_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace flowtap::daemon {
namespace {

constexpr int kReadsPerTurn = 8;
constexpr size_t kReadBytes = 64u << 10;
/// A capture has at most this many sockets; whoever sends more gets nothing.
constexpr size_t kMaxDescriptors = 16;

}  // namespace

ClientConnection* ClientConnection::start(EventLoop& loop, core::Engine& engine, ClientHost& host, Fd socket,
                                          const Peer& peer) {
  auto* client = new ClientConnection(loop, engine, host, std::move(socket), peer);
  if (loop.watch(client->socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *client)) return client;
  delete client;
  return nullptr;
}

ClientConnection::ClientConnection(EventLoop& loop, core::Engine& engine, ClientHost& host, Fd socket,
                                   const Peer& peer)
    : loop_(loop),
      host_(host),
      socket_(std::move(socket)),
      session_(engine, {static_cast<uint32_t>(peer.uid), static_cast<uint32_t>(peer.pid)}, *this) {}

void ClientConnection::onEvents(uint32_t events, unsigned) {
  if (events & EPOLLOUT) session_.writable();
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) receive();
}

void ClientConnection::onAgain() { receive(); }

void ClientConnection::receive() {
  static char data[kReadBytes];  // used within one call only
  for (int i = 0; i < kReadsPerTurn; i++) {
    if (!socket_) return;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
    iovec part{data, sizeof data};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return end();
    takeDescriptors(message);
    session_.received(data, static_cast<size_t>(size));
  }
  loop_.again(*this);
}

void ClientConnection::takeDescriptors(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      descriptors_.emplace_back(fd);
    }
  }
  if (descriptors_.size() > kMaxDescriptors)
    session_.refuse(wire::RefusedCode::kProtocol, "more than " + std::to_string(kMaxDescriptors) + " descriptors");
}

void ClientConnection::endIfOver() {
  if (socket_ && session_.over()) end();
}

void ClientConnection::end() {
  if (!socket_) return;
  socket_.reset();
  descriptors_.clear();
  host_.left(*this);
  loop_.retire(*this);
}

long ClientConnection::write(const char* data, size_t size) {
  if (!socket_) return core::Subscriber::kGone;
  for (;;) {
    const ssize_t n = ::send(socket_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno == EAGAIN) return core::Subscriber::kWouldBlock;
    if (errno != EINTR) return core::Subscriber::kGone;
  }
}

core::SessionIo::Attachment ClientConnection::attach(const wire::Attach& attach) {
  return host_.attach(*this, attach, std::exchange(descriptors_, {}));
}

void ClientConnection::stopProxy() { host_.stopProxy(*this); }

}  // namespace flowtap::daemon
