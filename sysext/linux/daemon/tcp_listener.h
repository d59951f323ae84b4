// Accepts the connections of one capture and one address family.
#pragma once
#include <sys/socket.h>

#include "native/fd.h"
#include "sysext/core/engine.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class Capture;

class TcpListener final : public EventHandler {
 public:
  TcpListener(EventLoop& loop, core::Engine& engine, Capture& capture, Fd listening, int family);
  /// False, with errno set, where the kernel refuses.
  bool start();
  /// Closes and retires it.
  void stop();
  /// Whether a connection waits to be accepted.
  bool hasUnread() const { return daemon::hasUnread(listening_.get()); }

 private:
  void onEvents(uint32_t events, unsigned tag) override;
  /// False when there is nothing more to accept now.
  bool acceptOne();
  void admit(Fd client, const sockaddr_storage& source);
  bool findDestination(int client, sockaddr_storage& destination) const;
  /// Out of descriptors or memory: connections wait in the kernel's queue for a moment instead of being lost.
  void pause(int error);

  EventLoop& loop_;
  core::Engine& engine_;
  Capture& capture_;
  Fd listening_;
  const int family_;
  /// The next connection's socket to its server. It exists before the connection is accepted, so that a connection is
  /// never accepted without a descriptor to dial with.
  Fd dialling_;
  EventLoop::TimerId paused_ = 0;
  bool short_ = false;  // of descriptors, when it last accepted
};

}  // namespace flowtap::daemon
