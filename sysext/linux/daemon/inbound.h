// Servers inside a captured network, offered to the host at the same port. What listens inside is looked up often (the
// kernel tells nobody when listen() is called); for each there is a listener on the host's loopback, whose connections
// are relayed to it.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sysext/core/engine.h"
#include "sysext/linux/daemon/event_loop.h"
#include "sysext/linux/daemon/inner_sockets.h"
#include "sysext/linux/daemon/sock_diag.h"

namespace flowtap::daemon {

class Capture;
class HostListener;

/// Where on the host a server is offered, and which one that is.
struct Offer {
  core::Address address;  ///< the same inside and on the host
  uint32_t inode;         ///< of the server's socket
  bool operator<(const Offer& o) const;  ///< by address
};

class Inbound {
 public:
  /// Takes what is to be logged, or nothing; what troubles() says has changed.
  using Say = std::function<void(const Capture&, const std::string&)>;
  /// `inside`: a socket of the network. `own`: the inodes of the proxy's listeners in there.
  Inbound(EventLoop& loop, core::Engine& engine, Capture& capture, int inside, std::vector<uint32_t> own, Say say);
  ~Inbound();
  Inbound(const Inbound&) = delete;
  Inbound& operator=(const Inbound&) = delete;

  /// False where the kernel does not let us in.
  bool usable() const { return sockets_.usable(); }
  /// Which servers cannot be reached from outside now, and why: sentences for people.
  std::vector<std::string> troubles() const;

 private:
  friend class HostListener;
  struct Held {
    HostListener* listener = nullptr;  // null: the host has no room for it
    uint64_t tried = 0;
    std::string trouble;  // why it has none
  };
  void look();
  /// False where nothing has changed.
  bool update(const std::vector<Offer>& wanted);
  bool open(const Offer& offer, Held& held);
  void setTrouble(Held& held, std::string text);
  void close(Held& held);
  void relay(Fd client, const core::Address& source, const Offer& offer);

  EventLoop& loop_;
  core::Engine& engine_;
  Capture& capture_;
  InnerSockets sockets_;
  const std::vector<uint32_t> own_;
  const Say say_;
  std::map<Offer, Held> offers_;
  EventLoop::TimerId timer_ = 0;
  long newestPid_ = 0;
  uint64_t quickUntil_ = 0;
};

/// What is to be offered on the host for the servers that listen inside.
std::vector<Offer> offersFor(const std::vector<linux_::ListeningSocket>& inside, const std::vector<uint32_t>& own);

}  // namespace flowtap::daemon
