// One connection that an explicit proxy makes for a client: a flow of its own. A name with several addresses can have
// several of them until one answers, as where a program dials by itself (RFC 8305).
#pragma once
#include <sys/socket.h>

#include "native/fd.h"
#include "sysext/core/stream_flow.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

/// The client that it is made for.
class ExplicitPeer {
 public:
  virtual ~ExplicitPeer() = default;
  /// The server accepted the connection; the client's bytes are asked for from now on.
  virtual void answered(class ExplicitServer& server) = 0;
  /// There is no connection. `error` is an errno, or 0 where the proxy itself ended it.
  virtual void failed(class ExplicitServer& server, int error) = 0;
  /// A connection has ended; `reset`: not in order.
  virtual void over(class ExplicitServer& server, bool reset) = 0;

  // As in core::StreamIo, for the client's side.
  virtual long readClient(char* data, size_t size) = 0;
  virtual long writeClient(const char* data, size_t size) = 0;
  /// The server has sent its last byte.
  virtual void serverEnded() = 0;
};

class ExplicitServer final : public EventHandler, private core::StreamIo {
 public:
  ExplicitServer(EventLoop& loop, core::Engine& engine, core::FlowStart start, ExplicitPeer& peer)
      : loop_(loop), engine_(engine), peer_(peer), flow_(engine, std::move(start), *this) {}

  /// Exactly one of answered() and failed() follows, maybe at once.
  void begin();
  /// Gives up a connection that is not made yet.
  void abandon(int error) { flow_.clientGone(error); }
  /// The connection is not needed any more: it ends in order at the next turn.
  void leave();
  /// Short reads say nothing here: the client's bytes come in pieces of the proxy's own making.
  void clientReadable() { flow_.readable(core::Side::kClient, true); }
  void clientWritable() { flow_.writable(core::Side::kClient); }
  /// Asks for the client's bytes anew, in the next turn.
  void resumeSoon() { loop_.again(*this); }
  /// The address that the connection comes from.
  core::Address local() const;

 private:
  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override { flow_.resume(); }
  void fail(int error);

  void dial() override;
  long read(core::Side side, char* data, size_t size) override;
  long write(core::Side side, const char* data, size_t size) override;
  void shutdownWrite(core::Side side) override;
  void finish(bool reset) override;
  void again() override { loop_.again(*this); }

  EventLoop& loop_;
  core::Engine& engine_;
  ExplicitPeer& peer_;
  Fd socket_;
  bool dialling_ = false, leaving_ = false;
  int error_ = 0;  // why it could not be made
  core::StreamFlow flow_;
};

}  // namespace flowtap::daemon
