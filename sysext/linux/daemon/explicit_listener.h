// The port of an explicit proxy. It is on the host's localhost, where everybody can connect: only processes of the
// capture's user are served.
#pragma once
#include <unordered_set>

#include "native/fd.h"
#include "sysext/linux/daemon/explicit_client.h"
#include "sysext/linux/daemon/sock_diag.h"

namespace flowtap::daemon {

class Capture;

class ExplicitListener final : public EventHandler, private ExplicitHost {
 public:
  /// `sockDiag` stays the caller's.
  ExplicitListener(EventLoop& loop, core::Engine& engine, Capture& capture, Fd listening, int sockDiag, uint32_t uid);
  ~ExplicitListener() override;
  /// False, with errno set, where the kernel refuses.
  bool start();
  /// Closes and retires it. The capture is not used any more.
  void stop();

 private:
  void onEvents(uint32_t events, unsigned tag) override;
  bool acceptOne();
  void admit(Fd client, const sockaddr_storage& source);
  void pause();
  Resolver& resolver() override;
  void left(ExplicitClient& client) override;

  EventLoop& loop_;
  core::Engine& engine_;
  Capture& capture_;
  Fd listening_;
  linux_::SockDiag sockets_;
  const uint32_t uid_;
  sockaddr_storage address_{};
  Resolver* resolver_ = nullptr;  // made with the first name
  std::unordered_set<ExplicitClient*> clients_;
  EventLoop::TimerId paused_ = 0;
};

}  // namespace flowtap::daemon
