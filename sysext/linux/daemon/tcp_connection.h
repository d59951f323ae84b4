// The two sockets of a relayed TCP connection. What to do with them is decided in core::StreamFlow.
#pragma once
#include <sys/socket.h>

#include "native/fd.h"
#include "sysext/core/stream_flow.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class SynGate;

class TcpConnection final : public EventHandler, private core::StreamIo {
 public:
  /// Takes an accepted socket and an unconnected one, dials the destination and relays. The connection owns itself.
  static void relay(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server);

  /// Of a program that `gate` keeps waiting: its socket is not accepted yet. Null: it is. Owns itself after begin().
  TcpConnection(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server, SynGate* gate);
  void begin() { flow_.begin(); }
  /// The program's connection was accepted; the gate does not know it any more.
  void adopt(Fd client);
  /// The program does not wait any more, or (`error`) is to wait no longer.
  void abandon(int error);
  const core::FlowStart& about() const { return flow_.about; }

 private:
  void whileDialling(uint32_t events, core::Side side);
  void failed(int error);
  void answered();
  bool watch(core::Side side);

  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;

  void dial() override;
  long read(core::Side side, char* data, size_t size) override;
  long write(core::Side side, const char* data, size_t size) override { return send(side, data, size, 0); }
  long writeLast(core::Side side, const char* data, size_t size) override;
  void push(core::Side side) override;
  void shutdownWrite(core::Side side) override;
  void finish(bool reset) override;
  void again() override;

  long send(core::Side side, const char* data, size_t size, int flags);
  int fd(core::Side side) const { return fds_[static_cast<size_t>(side)].get(); }
  /// The pending error of a socket; reading it clears it.
  int error(core::Side side) const;

  EventLoop& loop_;
  SynGate* gate_;
  Fd fds_[2];
  int failure_ = 0;        // of the dial, for the program that waits
  int reset_ = 0;          // the server's error, where asking for the dial's outcome has taken it from the socket
  bool answered_ = false;  // by the server
  bool watched_ = false;   // the server's socket
  core::StreamFlow flow_;
};

}  // namespace flowtap::daemon
