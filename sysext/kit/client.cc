#include "sysext/kit/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace flowtap::kit {
namespace {

constexpr size_t kReadBytes = 16u << 10;
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;  // the rendezvous sets SO_NOSIGPIPE
#endif

}  // namespace

Client::Client(core::Engine& engine, Fd socket, const Peer& peer, Refusals& refusals)
    : socket_(std::move(socket)),
      peer_(peer),
      refusals_(refusals),
      session_(engine, {static_cast<uint32_t>(peer.uid), static_cast<uint32_t>(peer.pid)}, *this) {}

short Client::events() const {
  return static_cast<short>(POLLIN | (session_.subscriber().blocked() ? POLLOUT : 0));
}

void Client::onEvents(short events) {
  if (events & POLLOUT) session_.writable();
  if (events & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) receive();
}

void Client::receive() {
  // One read per turn: poll() tells of the rest, and no client keeps the thread for itself.
  char data[kReadBytes];
  const ssize_t size = ::recv(socket_.get(), data, sizeof data, MSG_DONTWAIT);
  if (size > 0)
    session_.received(data, static_cast<size_t>(size));
  else if (size == 0 || (errno != EAGAIN && errno != EINTR))
    gone_ = true;
}

long Client::write(const char* data, size_t size) {
  for (;;) {
    const ssize_t taken = ::send(socket_.get(), data, size, kSendFlags);
    if (taken >= 0) return taken;
    if (errno == EAGAIN) return core::Subscriber::kWouldBlock;
    if (errno != EINTR) return core::Subscriber::kGone;
  }
}

core::SessionIo::Attachment Client::attach(const wire::Attach&) {
  return {wire::RefusedCode::kProtocol, "this endpoint shows the flows of its own program and captures no others"};
}

void Client::stopProxy() {
  session_.refuse(wire::RefusedCode::kProtocol, "only the program behind this endpoint can stop it");
}

void Client::refused(wire::RefusedCode code, const std::string& text) {
  // Everybody is sent away at the end.
  if (code != wire::RefusedCode::kStopping) refusals_.tell(peer_, text);
}

}  // namespace flowtap::kit
