#include "sysext/linux/daemon/tcp_listener.h"

#include <netinet/in.h>  // before the kernel's own headers, which then leave out what it defines

#include <linux/netfilter_ipv4.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/tcp_connection.h"

namespace flowtap::daemon {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr uint64_t kPauseMillis = 20;
constexpr int kOriginalDestination6 = 80;  // IP6T_SO_ORIGINAL_DST; its header does not compile as C++

void setOn(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

/// Small writes must not wait, and urgent bytes must not get lost.
void tune(int fd) {
  setOn(fd, IPPROTO_TCP, TCP_NODELAY);
  setOn(fd, SOL_SOCKET, SO_OOBINLINE);
}

}  // namespace

TcpListener::TcpListener(EventLoop& loop, core::Engine& engine, Capture& capture, Fd listening, int family)
    : loop_(loop), engine_(engine), capture_(capture), listening_(std::move(listening)), family_(family) {
  tune(listening_.get());  // accepted sockets inherit it
}

void TcpListener::stop() {
  if (paused_) loop_.cancel(paused_);
  loop_.unwatch(listening_.get());
  listening_.reset();
  loop_.retire(*this);
}

bool TcpListener::start() { return loop_.watch(listening_.get(), EPOLLIN, *this); }

void TcpListener::onEvents(uint32_t, unsigned) {
  for (int i = 0; i < kAcceptsPerTurn; i++)
    if (!acceptOne()) return;
}

bool TcpListener::acceptOne() {
  if (!dialling_) {
    dialling_.reset(::socket(family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // Without the family on this host the connection is accepted all the same and fails as it would without a proxy.
    if (!dialling_ && errno != EAFNOSUPPORT) return pause(errno), false;
    if (dialling_) tune(dialling_.get());
    if (dialling_ && isReserved(dialling_.get())) {
      dialling_.reset();
      return pause(EMFILE), false;
    }
  }
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  Fd client(::accept4(listening_.get(), reinterpret_cast<sockaddr*>(&source), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (client) {
    if (short_) engine_.setNotice("");
    short_ = false;
    admit(std::move(client), source);
    return true;
  }
  if (errno == EAGAIN) return false;
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause(errno), false;
  if (errno == EINVAL) {  // the launcher's copy of the socket was shut down: it would stay readable for ever
    loop_.unwatch(listening_.get());
    return false;
  }
  return true;  // ECONNABORTED and the like concern this one connection (accept(2))
}

bool TcpListener::findDestination(int client, sockaddr_storage& destination) const {
  socklen_t size = sizeof destination;
  if (capture_.mode() != core::Mode::kRedirect)  // TPROXY: the socket itself has the original destination
    return ::getsockname(client, reinterpret_cast<sockaddr*>(&destination), &size) == 0;
  const int level = family_ == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  const int option = family_ == AF_INET ? SO_ORIGINAL_DST : kOriginalDestination6;
  return ::getsockopt(client, level, option, &destination, &size) == 0;
}

void TcpListener::admit(Fd client, const sockaddr_storage& source) {
  sockaddr_storage destination{};
  if (!findDestination(client.get(), destination)) return engine_.countRefused();
  if (capture_.adopt(client, source, destination)) return;
  TcpConnection::relay(loop_, engine_, capture_.describe(core::Protocol::kTcp, source, destination), std::move(client),
                       std::move(dialling_));
}

void TcpListener::pause(int error) {
  if (paused_) return;
  short_ = true;
  engine_.setNotice("New connections wait: " + std::generic_category().message(error) +
                    ". Raise the limit of open files (ulimit -n) of the proxy.");
  loop_.change(listening_.get(), 0, *this);
  paused_ = loop_.after(kPauseMillis, [this] {
    paused_ = 0;
    loop_.change(listening_.get(), EPOLLIN, *this);
  });
}

}  // namespace flowtap::daemon
