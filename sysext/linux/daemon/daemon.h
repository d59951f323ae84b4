// flowtapd as a whole: the rendezvous, the clients, the captures, and when to end.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/rendezvous.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/client_connection.h"
#include "sysext/linux/daemon/log.h"
#include "sysext/linux/daemon/options.h"
#include "sysext/linux/daemon/system_clock.h"

namespace flowtap::daemon {

class Daemon final : private ClientHost {
 public:
  Daemon(const Options& options, const Log& log);
  ~Daemon() override;

  struct Problem {
    bool busy = false;  ///< another daemon of this user runs
    std::string text;   ///< "": none
  };
  /// Takes the lock and listens.
  Problem listen(const std::string& socketPath);
  /// Serves until a signal, a client or idleness ends it.
  void run();

 private:
  class Signals;
  class Door;

  core::SessionIo::Attachment attach(ClientConnection& client, const wire::Attach& attach, std::vector<Fd> sockets) override;
  void stopProxy(const ClientConnection& client) override;
  void refused(const ClientConnection& client, wire::RefusedCode code, const std::string& text) override;
  void left(ClientConnection& client) override;
  void tellRefusal(uint32_t uid, uint32_t pid, const std::string& reason);

  void admit(Fd socket, const Peer& peer);
  void endCapture(Capture* capture);
  /// Its blind spots have changed.
  void tellTroubles(const Capture& capture);
  /// Its launcher's connection has ended. Programs that closed every inherited descriptor can still live inside.
  void endWhenEmpty(Capture* capture);
  uint64_t nextWake() const;
  void writeToClients();
  void endFinished();
  bool busy() const;
  void beginStop(const std::string& why);

  const Options options_;
  const Log& log_;
  uint32_t refusals_ = 0;  ///< told in the log
  EventLoop loop_;
  SystemClock clock_;
  core::Engine engine_;
  std::unique_ptr<Listener> listener_;
  // Owned by the loop once they are retired.
  Door* door_ = nullptr;
  Signals* signals_ = nullptr;
  std::vector<ClientConnection*> clients_;
  std::unordered_map<ClientConnection*, Capture*> attached_;
  std::unordered_map<Capture*, std::unique_ptr<Capture>> captures_;
  std::unordered_map<const Capture*, wire::CaptureStatus> statuses_;  // as they began
  uint64_t lastBusy_ = 0;
  uint64_t gatherUntil_ = 0;  // 0: no events wait to be written
  uint64_t stopBy_ = 0;  // 0: not stopping
};

}  // namespace flowtap::daemon
