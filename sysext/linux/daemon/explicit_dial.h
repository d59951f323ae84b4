// The way from what a client of an explicit proxy asked for to a server: its name is looked up, its addresses are
// connected to, the next one beside one that does not answer (RFC 8305).
#pragma once
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "sysext/linux/daemon/explicit_resolver.h"
#include "sysext/linux/daemon/explicit_server.h"
#include "sysext/linux/explicit/failure.h"
#include "sysext/linux/explicit/target.h"

namespace flowtap::daemon {

class ExplicitDial {
 public:
  using Failed = std::function<void(const explicit_proxy::Failure&)>;

  /// `about`: what flows have in common. `peer`: whom the servers are made for. Neither may end before this.
  ExplicitDial(EventLoop& loop, core::Engine& engine, const core::FlowStart& about, ExplicitPeer& peer, Failed failed)
      : loop_(loop), engine_(engine), about_(about), peer_(peer), failed_(std::move(failed)) {}

  /// Either peer.answered() follows or the call that the constructor was given, maybe at once, unless it is given up.
  void begin(Resolver& resolver, const explicit_proxy::Target& target);
  const explicit_proxy::Target& target() const { return target_; }
  /// To be told of what the peer is told.
  void answered(ExplicitServer& server);
  void failed(ExplicitServer& server, int error);
  void giveUp();

 private:
  void dial(std::vector<sockaddr_storage> addresses);
  void dialNext();
  void unknownName(int error);
  void stopLookUp();

  EventLoop& loop_;
  core::Engine& engine_;
  const core::FlowStart& about_;
  ExplicitPeer& peer_;
  const Failed failed_;
  explicit_proxy::Target target_;
  bool going_ = false;
  Resolver* resolver_ = nullptr;  // while it looks the name up
  Resolver::Id lookingUp_ = 0;
  std::vector<sockaddr_storage> addresses_;  // that were not tried yet
  std::vector<ExplicitServer*> dialling_;
  EventLoop::TimerId lookUpEnds_ = 0, nextAttempt_ = 0;
};

}  // namespace flowtap::daemon
