#include "sysext/linux/daemon/inbound.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/tcp_connection.h"

namespace flowtap::daemon {
namespace {

// A look costs two system calls for each family, about 20 us.
constexpr uint64_t kQuickMillis = 20;   // while something happens on this machine: a server is probably about to start
constexpr uint64_t kSlowMillis = 100;
constexpr uint64_t kQuickForMillis = 5000;
constexpr uint64_t kRetryMillis = 1000;  // a port that was taken
constexpr size_t kMaxOffers = 256;
constexpr int kAcceptsPerTurn = 64;
constexpr int kBacklog = 4096;
constexpr uint64_t kPauseMillis = 20;

std::string portOf(const Offer& offer) { return "port " + std::to_string(offer.address.port); }

core::Address loopback(int size, uint16_t port) {
  core::Address address;
  address.size = static_cast<uint8_t>(size);
  address.port = port;
  if (size == 4) address.bytes = {127, 0, 0, 1};
  else address.bytes[15] = 1;
  return address;
}

bool isWildcard(const core::Address& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(), [](uint8_t byte) { return byte == 0; });
}

void setOn(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

bool Offer::operator<(const Offer& o) const {
  return std::tie(address.port, address.size, address.bytes) < std::tie(o.address.port, o.address.size, o.address.bytes);
}

std::vector<Offer> offersFor(const std::vector<linux_::ListeningSocket>& inside, const std::vector<uint32_t>& own) {
  std::vector<Offer> offers;
  for (const auto& socket : inside) {
    if (std::find(own.begin(), own.end(), socket.inode) != own.end()) continue;
    const core::Address address = toAddress(socket.address);
    if (!isWildcard(address)) {
      offers.push_back({address, socket.inode});
      continue;
    }
    // Whoever listens everywhere is offered on the loopback only: a capture opens nothing to other machines.
    offers.push_back({loopback(address.size, address.port), socket.inode});
    if (address.size == 16 && !socket.ipv6Only) offers.push_back({loopback(4, address.port), socket.inode});
  }
  std::stable_sort(offers.begin(), offers.end());
  const auto same = [](const Offer& a, const Offer& b) { return a.address == b.address; };
  offers.erase(std::unique(offers.begin(), offers.end(), same), offers.end());
  return offers;
}

/// Accepts on the host what a server inside is to get.
class HostListener final : public EventHandler {
 public:
  HostListener(Inbound& inbound, Offer offer, Fd listening)
      : inbound_(inbound), offer_(offer), listening_(std::move(listening)) {}
  bool start() { return inbound_.loop_.watch(listening_.get(), EPOLLIN, *this); }
  void follow(uint32_t inode) { offer_.inode = inode; }
  void stop() {
    if (paused_) inbound_.loop_.cancel(paused_);
    listening_.reset();
    inbound_.loop_.retire(*this);
  }

 private:
  void onEvents(uint32_t, unsigned) override {
    for (int i = 0; i < kAcceptsPerTurn; i++) {
      sockaddr_storage source{};
      socklen_t size = sizeof source;
      Fd client(::accept4(listening_.get(), reinterpret_cast<sockaddr*>(&source), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      const int error = errno;
      if (client && !isReserved(client.get())) {
        inbound_.relay(std::move(client), toAddress(source), offer_);
        continue;
      }
      if (client || error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) return pause();
      if (error == EAGAIN) return;
    }
  }
  /// Out of descriptors: callers wait in the kernel's queue.
  void pause() {
    inbound_.loop_.change(listening_.get(), 0, *this);
    paused_ = inbound_.loop_.after(kPauseMillis, [this] {
      paused_ = 0;
      inbound_.loop_.change(listening_.get(), EPOLLIN, *this);
    });
  }

  Inbound& inbound_;
  Offer offer_;
  Fd listening_;
  EventLoop::TimerId paused_ = 0;
};

Inbound::Inbound(EventLoop& loop, core::Engine& engine, Capture& capture, int inside, std::vector<uint32_t> own, Say say)
    : loop_(loop), engine_(engine), capture_(capture), sockets_(inside), own_(std::move(own)), say_(std::move(say)) {
  if (!usable()) return;
  quickUntil_ = loop_.now() + kQuickForMillis;
  timer_ = loop_.after(kQuickMillis, [this] { look(); });
}

Inbound::~Inbound() {
  if (timer_) loop_.cancel(timer_);
  for (auto& [offer, held] : offers_) close(held);
}

void Inbound::look() {
  const uint64_t now = loop_.now();
  if (const long newest = capture_.newestPid(); newest != newestPid_) {
    newestPid_ = newest;
    quickUntil_ = now + kQuickForMillis;
  }
  if (const auto listening = capture_.listeners())
    if (update(offersFor(*listening, own_))) quickUntil_ = now + kQuickForMillis;
  timer_ = loop_.after(now < quickUntil_ ? kQuickMillis : kSlowMillis, [this] { look(); });
}

bool Inbound::update(const std::vector<Offer>& wanted) {
  bool changed = false;
  for (auto at = offers_.begin(); at != offers_.end();) {
    const auto still = std::lower_bound(wanted.begin(), wanted.end(), at->first);
    if (still != wanted.end() && still->address == at->first.address) {
      if (at->second.listener) at->second.listener->follow(still->inode);
      ++at;
      continue;
    }
    close(at->second);
    setTrouble(at->second, "");
    at = offers_.erase(at);
    changed = true;
  }
  for (const Offer& offer : wanted) {
    if (offers_.size() >= kMaxOffers && !offers_.count(offer)) continue;
    Held& held = offers_[offer];
    if (held.listener || (held.tried != 0 && loop_.now() - held.tried < kRetryMillis)) continue;
    changed = open(offer, held) || changed;
  }
  return changed;
}

bool Inbound::open(const Offer& offer, Held& held) {
  held.tried = loop_.now();
  const sockaddr_storage address = toSockaddr(offer.address);
  Fd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return false;
  setOn(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  setOn(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit both
  setOn(fd.get(), SOL_SOCKET, SO_OOBINLINE);
  if (address.ss_family == AF_INET6) setOn(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeOf(address)) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    // A host without ::1 has nobody who would call there.
    if (error != EADDRNOTAVAIL)
      setTrouble(held, "A server inside listens on " + portOf(offer) + ", which cannot be reached from outside: " +
                           (error == EADDRINUSE ? "another program on this machine has that port."
                                                : std::generic_category().message(error) + "."));
    return false;
  }
  held.listener = new HostListener(*this, offer, std::move(fd));
  setTrouble(held, "");
  if (held.listener->start()) return true;
  close(held);
  return false;
}

void Inbound::setTrouble(Held& held, std::string text) {
  if (held.trouble == text) return;
  held.trouble = std::move(text);
  say_(capture_, held.trouble);
}

std::vector<std::string> Inbound::troubles() const {
  std::vector<std::string> all;
  for (const auto& [offer, held] : offers_)
    if (!held.trouble.empty() && std::find(all.begin(), all.end(), held.trouble) == all.end())
      all.push_back(held.trouble);
  return all;
}

void Inbound::close(Held& held) {
  if (held.listener) held.listener->stop();
  held.listener = nullptr;
}

void Inbound::relay(Fd client, const core::Address& source, const Offer& offer) {
  Fd inner = sockets_.take(offer.address.size == 4 ? AF_INET : AF_INET6);
  if (!inner) {
    const linger abort{1, 0};
    say_(capture_,
         "A connection to " + portOf(offer) + " inside was turned away: " + std::generic_category().message(errno));
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    return engine_.countRefused();
  }
  setOn(inner.get(), IPPROTO_TCP, TCP_NODELAY);
  setOn(inner.get(), SOL_SOCKET, SO_OOBINLINE);
  // The server sees who calls, where the network inside lets it.
  if (!isLoopback(source)) {
    core::Address caller = source;
    caller.port = 0;
    const sockaddr_storage from = toSockaddr(caller);
    (void)!::bind(inner.get(), reinterpret_cast<const sockaddr*>(&from), sizeOf(from));
  }
  TcpConnection::relay(loop_, engine_, capture_.describeInbound(source, offer.address, offer.inode), std::move(client),
                       std::move(inner));
}

}  // namespace flowtap::daemon
