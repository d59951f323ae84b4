// One captured process tree: the sockets that its launcher made inside its network namespace, and what is known of it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "native/fd.h"
#include "sysext/core/engine.h"
#include "sysext/core/host_names.h"
#include "sysext/linux/daemon/attribution.h"
#include "sysext/linux/daemon/inbound.h"
#include "sysext/linux/daemon/explicit_listener.h"
#include "sysext/linux/daemon/syn_gate.h"
#include "sysext/linux/daemon/tcp_listener.h"
#include "sysext/linux/daemon/udp_relay.h"

namespace flowtap::daemon {

class Capture {
 public:
  struct Made {
    std::unique_ptr<Capture> capture;  ///< null: `problem` says why
    std::string problem;
  };
  /// `sockets` in the order of attach.sockets. They come from another process, so each is checked to be what it is
  /// called. `name` is unique among the captures. `say`: see Inbound.
  static Made make(EventLoop& loop, core::Engine& engine, const wire::Attach& attach, std::string name, uint32_t uid,
                   std::vector<Fd> sockets, Inbound::Say say);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  const std::string& name() const { return about_->name; }
  /// Programs wait in connect() until their server has answered.
  bool holds() const { return !gates_.empty(); }
  /// Servers inside can be reached from outside, but for those of troubles().
  bool isReachable() const { return inbound_ && inbound_->usable(); }
  std::vector<std::string> troubles() const { return inbound_ ? inbound_->troubles() : std::vector<std::string>(); }
  core::Mode mode() const { return mode_; }
  core::HostNames& names() { return names_; }
  /// What is known of a flow that begins now.
  core::FlowStart describe(core::Protocol protocol, const sockaddr_storage& source,
                           const sockaddr_storage& destination) {
    look();
    return describeSeen(protocol, source, destination);
  }
  /// The same in two steps: one look, when the first packets of several flows have been read, then each of these flows.
  void look() {
    if (attribution_) attribution_->look();
  }
  /// Between the two: describeSeen() will be asked about this TCP connection.
  void expect(const sockaddr_storage& source, const sockaddr_storage& destination) {
    if (attribution_) attribution_->expect(source, destination);
  }
  core::FlowStart describeSeen(core::Protocol protocol, const sockaddr_storage& source,
                               const sockaddr_storage& destination);
  /// The same of a connection to a server inside, whose listening socket has this inode.
  core::FlowStart describeInbound(const core::Address& source, const core::Address& destination, uint32_t inode);
  /// The TCP sockets that listen inside; nothing where the kernel does not tell.
  std::optional<std::vector<linux_::ListeningSocket>> listeners();
  /// Changes whenever a process begins, on the whole machine.
  long newestPid() const { return attribution_ ? attribution_->newestPid() : 0; }
  /// A connection was accepted. True, and `client` is taken, where it has been dialled already.
  bool adopt(Fd& client, const sockaddr_storage& source, const sockaddr_storage& destination);
  /// Whether the client of a TCP connection still has its socket.
  bool exists(const sockaddr_storage& client, const sockaddr_storage& server) {
    return !attribution_ || attribution_->exists(client, server);
  }
  /// Whether a program has a socket that takes datagrams from `server`; true where nobody can tell.
  bool hasDatagramSocket(const sockaddr_storage& client, const sockaddr_storage& server) {
    return !sockDiag_ || linux_::SockDiag(sockDiag_.get()).find(core::Protocol::kUdp, client, server).has_value();
  }
  /// Whether a socket inside, one of the proxy's among them, has this TCP connection, and nobody has ended it.
  bool isOpen(const sockaddr_storage& local, const sockaddr_storage& peer) {
    return attribution_ && attribution_->isOpen(local, peer);
  }
  /// Whether a server inside would take the connection; to be asked after look().
  bool serves(const sockaddr_storage& client, const sockaddr_storage& server) {
    return attribution_ && attribution_->serves(client, server);
  }
  /// Whether a process still lives in the capture's network namespace. Looks at every process: not for every event.
  /// In the explicit mode there is no such namespace: the capture ends with its launcher's connection.
  std::optional<bool> inhabited() {
    return mode_ != core::Mode::kExplicit && attribution_ ? attribution_->inhabited() : false;
  }
  /// Whether its programs left connections or datagrams that were not taken yet: one can connect, send and end within a
  /// turn of the loop.
  bool hasUnread() const;

 private:
  Capture(EventLoop& loop, core::Engine& engine, const wire::Attach& attach, std::string name, uint32_t uid);
  core::ProcessPtr shared(const linux_::ProcessInfoPtr& info);
  std::string take(const std::vector<wire::SocketRole>& roles, std::vector<Fd> sockets, Inbound::Say say);

  EventLoop& loop_;
  core::Engine& engine_;
  const core::CapturePtr about_;
  const core::Mode mode_;
  const pid_t rootPid_;
  core::HostNames names_;
  Fd sockDiag_;
  std::unique_ptr<linux_::Attribution> attribution_;
  /// The process that was named last, and its record.
  linux_::ProcessInfoPtr lastInfo_;
  core::ProcessPtr lastProcess_;
  bool ipv6_ = false;  // inside
  std::unique_ptr<Inbound> inbound_;
  // Retired, not deleted, with the capture: their events can be in the air.
  std::vector<SynGate*> gates_;
  std::vector<TcpListener*> listeners_;
  ExplicitListener* explicit_ = nullptr;
  std::vector<UdpRelay*> udp_;
};

}  // namespace flowtap::daemon
