// Who watches: the rendezvous, the clients that came through it, and the tokens that let them in. Its functions are for the
// loop's thread where nothing else is said.
#pragma once
#include <memory>
#include <vector>

#include "sysext/core/ne_admission.h"
#include "sysext/macos/runtime/client.h"
#include "sysext/macos/runtime/log.h"
#include "sysext/macos/runtime/token_list.h"

namespace flowtap::macos {

class Clients {
 public:
  /// All outlive it; `loop` may be made after it.
  Clients(core::Engine& engine, Loop& loop, core::NeAdmission& admission, std::string tokenFile, Log log)
      : engine_(engine), loop_(loop), admission_(admission), log_(std::move(log)), tokens_(std::move(tokenFile)) {}
  ~Clients();

  /// Before the loop runs: the tokens that were granted earlier.
  void load();
  /// Any thread, once the loop runs. False with `error` set. Programs of `teamId` need no token; "" for none.
  bool listen(const std::string& endpoint, const std::string& teamId, std::string& error);
  void stopListening();
  /// Lets those go that have ended, or were sent away.
  void dropEnded();
  void closeAll();

 private:
  class WatchedListener;
  void admit(Fd socket, const Peer& peer);
  std::string changeToken(const Peer& peer, const TokenChange& change);
  void endWithToken(uid_t uid);
  /// Whose flows are to be taken.
  void tellWatched();

  core::Engine& engine_;
  Loop& loop_;
  core::NeAdmission& admission_;
  const Log log_;
  TokenList tokens_;
  kit::Refusals refusals_{[this](const std::string& text) { log_(LogLevel::kError, text); }};
  std::vector<std::unique_ptr<ProxyClient>> clients_;
  std::shared_ptr<WatchedListener> listener_;
};

}  // namespace flowtap::macos
