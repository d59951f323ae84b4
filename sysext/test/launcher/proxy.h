// Stands in for flowtapd: takes launchers and their sockets, and answers what comes through them.
#pragma once
#include <sys/socket.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "native/rendezvous.h"
#include "native/test/folder.h"
#include "sysext/linux/daemon/attribution.h"
#include "sysext/test/launcher/program.h"

namespace flowtap::test {

/// What a launcher handed over.
struct Handover {
  Fd control;
  Peer peer;
  wire::Hello hello;
  wire::Attach attach;
  std::map<wire::SocketRole, Fd> sockets;

  int fd(wire::SocketRole role) const { return sockets.count(role) ? sockets.at(role).get() : -1; }
  /// Tells the launcher to go on.
  void accept();
  void refuse(const std::string& text);
  /// Whether the other side of the control connection is closed by all who had it.
  bool ended();
};

class Proxy {
 public:
  Proxy();
  /// The environment in which a launcher finds this proxy.
  std::map<std::string, std::string> environment() const { return {{"FLOWTAP_RUNTIME_DIR", folder_ / "run"}}; }
  std::string directory() const { return folder_ / "run"; }
  /// Waits for a launcher's sockets. Nothing where none comes within some seconds.
  std::optional<Handover> take();

 private:
  const Folder folder_;
  std::vector<std::pair<Fd, Peer>> waiting_;
  Listener::Started listener_;
};

/// One connection or datagram that came through.
struct Seen {
  std::string protocol;
  std::string client;
  std::string server;  ///< the original destination
  uint32_t claimedPid = 0;  ///< of whoever sent it, as it says itself
  linux_::ProcessInfoPtr process;  ///< as Attribution says
};

/// Answers everything with the original destination, in a thread, until it is destroyed. Looks at held packets first,
/// where the launcher handed their queues over.
class Answers {
 public:
  explicit Answers(const Handover& handover);
  ~Answers();
  std::vector<Seen> seen();

 private:
  void run();
  void onHeld(int queue, uint16_t number);
  void onTcp(int listener);
  void onUdp(int socket, int raw);
  linux_::ProcessInfoPtr lookUp(wire::Protocol protocol, const sockaddr_storage& client, const sockaddr_storage& server);
  void add(Seen seen);

  const Handover& handover_;
  linux_::Attribution attribution_;
  std::map<std::string, linux_::ProcessInfoPtr> held_;  // by client
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<Seen> seen_;
  std::thread thread_;
};

/// "192.0.2.1:80" or "[2001:db8::1]:80".
std::string text(const sockaddr_storage& address);
sockaddr_storage address(const std::string& host, uint16_t port);
socklen_t sizeOf(const sockaddr_storage& address);
core::Address coreAddress(const sockaddr_storage& address);

}  // namespace flowtap::test
