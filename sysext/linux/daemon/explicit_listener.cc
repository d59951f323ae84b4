#include "sysext/linux/daemon/explicit_listener.h"

#include <cerrno>
#include <utility>

#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/stream_socket.h"

namespace flowtap::daemon {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr uint64_t kPauseMillis = 20;
/// Of one capture: beyond any program's, so that one that connects and says nothing takes no more.
constexpr size_t kMaxClients = 8192;

}  // namespace

ExplicitListener::ExplicitListener(EventLoop& loop, core::Engine& engine, Capture& capture, Fd listening, int sockDiag,
                                   uint32_t uid)
    : loop_(loop), engine_(engine), capture_(capture), listening_(std::move(listening)), sockets_(sockDiag), uid_(uid) {
  setStreamOptions(listening_);
  socklen_t size = sizeof address_;
  ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address_), &size);
}

ExplicitListener::~ExplicitListener() = default;

bool ExplicitListener::start() { return loop_.watch(listening_.get(), EPOLLIN, *this); }

void ExplicitListener::stop() {
  if (paused_) loop_.cancel(paused_);
  loop_.unwatch(listening_.get());
  // The launcher's process has a copy as long as it lives.
  ::shutdown(listening_.get(), SHUT_RDWR);
  listening_.reset();
  for (ExplicitClient* client : std::exchange(clients_, {})) client->orphan();
  if (resolver_) loop_.retire(*resolver_);
  loop_.retire(*this);
}

void ExplicitListener::onEvents(uint32_t, unsigned) {
  for (int i = 0; i < kAcceptsPerTurn; i++)
    if (!acceptOne()) return;
}

bool ExplicitListener::acceptOne() {
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  Fd client(::accept4(listening_.get(), reinterpret_cast<sockaddr*>(&source), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (client) {
    if (isReserved(client.get()) || clients_.size() >= kMaxClients) engine_.countRefused();
    else admit(std::move(client), source);
    return true;
  }
  if (errno == EAGAIN) return false;
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause(), false;
  if (errno == EINVAL) {  // shut down by the launcher: it would stay readable for ever
    loop_.unwatch(listening_.get());
    return false;
  }
  return true;  // ECONNABORTED and the like concern this one connection (accept(2))
}

void ExplicitListener::admit(Fd client, const sockaddr_storage& source) {
  const auto owner = sockets_.find(core::Protocol::kTcp, source, address_);
  if (!owner) return;  // it has gone already
  if (owner->uid != uid_) return engine_.countRefused();
  core::FlowStart about = capture_.describe(core::Protocol::kTcp, source, address_);
  about.host = nullptr;
  if (auto* made = ExplicitClient::start(loop_, engine_, *this, std::move(about), std::move(client)))
    clients_.insert(made);
}

/// Out of descriptors or memory: connections wait in the kernel's queue for a moment instead of being lost.
void ExplicitListener::pause() {
  if (paused_) return;
  loop_.change(listening_.get(), 0, *this);
  paused_ = loop_.after(kPauseMillis, [this] {
    paused_ = 0;
    loop_.change(listening_.get(), EPOLLIN, *this);
  });
}

Resolver& ExplicitListener::resolver() {
  if (!resolver_) {
    resolver_ = new Resolver(loop_);
    resolver_->start();
  }
  return *resolver_;
}

void ExplicitListener::left(ExplicitClient& client) { clients_.erase(&client); }

}  // namespace flowtap::daemon
