// The two sockets of a relayed TCP connection. What to do with them is decided in core::StreamFlow.
#pragma once
#include <sys/socket.h>

#include "native/fd.h"
#include "sysext/core/stream_flow.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class TcpConnection final : public EventHandler, private core::StreamIo {
 public:
  /// Takes an accepted socket and an unconnected one, dials the destination and relays. The connection owns itself.
  static void relay(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server);

 private:
  TcpConnection(EventLoop& loop, core::Engine& engine, core::FlowStart start, Fd client, Fd server);
  void whileDialling(uint32_t events, core::Side side);

  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;

  void dial() override;
  long read(core::Side side, char* data, size_t size) override;
  long write(core::Side side, const char* data, size_t size) override;
  void shutdownWrite(core::Side side) override;
  void finish(bool reset) override;
  void again() override;

  int fd(core::Side side) const { return fds_[static_cast<size_t>(side)].get(); }
  /// The pending error of a socket; reading it clears it.
  int error(core::Side side) const;

  EventLoop& loop_;
  Fd fds_[2];
  core::StreamFlow flow_;
};

}  // namespace flowtap::daemon
