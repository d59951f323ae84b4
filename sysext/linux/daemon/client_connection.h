// The socket of one client: a subscriber, a launcher, or both. The protocol is core::Session's.
#pragma once
#include <sys/socket.h>

#include <vector>

#include "native/fd.h"
#include "native/rendezvous.h"
#include "sysext/core/session.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

/// What clients ask of the daemon as a whole.
class ClientHost {
 public:
  virtual ~ClientHost() = default;
  virtual core::SessionIo::Attachment attach(class ClientConnection& client, const wire::Attach& attach,
                                             std::vector<Fd> sockets) = 0;
  virtual void stopProxy(const class ClientConnection& client) = 0;
  virtual void refused(const class ClientConnection& client, wire::RefusedCode code, const std::string& text) = 0;
  /// The connection has ended; it is deleted soon.
  virtual void left(class ClientConnection& client) = 0;
};

class ClientConnection final : public EventHandler, private core::SessionIo {
 public:
  /// Owns itself from here on; null where the kernel refuses to watch it.
  static ClientConnection* start(EventLoop& loop, core::Engine& engine, ClientHost& host, Fd socket, const Peer& peer);

  core::Session& session() { return session_; }
  const core::Session& session() const { return session_; }
  /// Ends the connection if nothing more is to be read or written. Once per turn.
  void endIfOver();

 private:
  ClientConnection(EventLoop& loop, core::Engine& engine, ClientHost& host, Fd socket, const Peer& peer);
  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;
  void receive();
  void takeDescriptors(msghdr& message);
  void end();

  long write(const char* data, size_t size) override;
  Attachment attach(const wire::Attach& attach) override;
  void stopProxy() override;
  void refused(wire::RefusedCode code, const std::string& text) override { host_.refused(*this, code, text); }

  EventLoop& loop_;
  ClientHost& host_;
  Fd socket_;
  std::vector<Fd> descriptors_;  // came with bytes that are not yet a whole Attach
  core::Session session_;
};

}  // namespace flowtap::daemon
