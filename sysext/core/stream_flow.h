// Relays one TCP connection: reads from one side, tells subscribers, writes to the other; carries half-closes and resets
// over. Made for edge-triggered readiness: the shell says what became ready, the flow reads until there is no more.
#pragma once
#include "sysext/core/engine.h"
#include "sysext/core/token_bucket.h"

namespace flowtap::core {

enum class Side : uint8_t { kClient = 0, kServer = 1 };
constexpr Side other(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

/// The two sockets of a stream, without blocking.
class StreamIo {
 public:
  virtual ~StreamIo() = default;
  /// It is time to connect to the server; the shell answers with connected() or connectFailed(). Called once, from
  /// begin(), or later from Engine::tick() where a rule delays the flow; never where the flow is turned away.
  virtual void dial() = 0;
  static constexpr long kWouldBlock = -0x7FFFFFFF;
  /// Bytes, 0 at the end of the stream, kWouldBlock, or a negative errno.
  virtual long read(Side side, char* data, size_t size) = 0;
  /// Bytes taken, kWouldBlock, or a negative errno.
  virtual long write(Side side, const char* data, size_t size) = 0;
  /// As write(), where the end of the stream is about to follow: the shell may keep the bytes for it, so that both go in
  /// one packet. shutdownWrite(), finish(false) or push() comes before the flow's function returns.
  virtual long writeLast(Side side, const char* data, size_t size) { return write(side, data, size); }
  /// No end follows after all.
  virtual void push(Side) {}
  virtual void shutdownWrite(Side side) = 0;
  /// Closes both. `reset`: neither side may take it for an orderly end. The flow is not touched again. Before
  /// connected() the program's connection is to be refused, where the shell still can (a SYN that is held); this can
  /// happen within begin(), for a rule or a limit, before dial() was ever called.
  virtual void finish(bool reset) = 0;
  /// Call resume() in the next turn: there is more to read, but other flows want their turn.
  virtual void again() = 0;
};

class StreamFlow final : public Flow {
 public:
  StreamFlow(Engine& engine, FlowStart start, StreamIo& io) : Flow(engine, std::move(start)), io_(io) {}
  ~StreamFlow() override;

  /// The program wants its connection. Decides what becomes of it: io.dial() now, io.dial() later, or io.finish(). False
  /// where it is closed already.
  bool begin();
  /// The server has answered; relaying starts. False for a side of which the shell will still tell whatever is ready now.
  void connected(bool clientToldBefore = true, bool serverToldBefore = true);
  void connectFailed(int error);
  /// The client gave up before the server answered.
  void clientGone(int error);

  /// `ended`: the shell saw that the peer has shut down or failed, so reading must go on to the end.
  void readable(Side side, bool ended);
  void writable(Side side);
  void resume();

  /// False before dial(): a rule has the flow wait.
  bool dialled() const { return dialled_; }
  bool isConnected() const { return connected_; }
  void stop(CloseReason reason, int error) override;

 private:
  struct Lane {
    Held held;
    bool ended = false;      // the source has sent its last byte
    bool shut = false;       // ... and the target was told
    bool toTheEnd = false;   // see readable()
  };
  /// "Up" is from the captured program, which in an inbound flow is the server.
  Direction from(Side side) const {
    return (side == Side::kClient) == about.inbound ? Direction::kDown : Direction::kUp;
  }
  Lane& lane(Side source) { return lanes_[static_cast<size_t>(source)]; }

  /// What the flow's rule asks of every read. Only flows under such a rule have one.
  struct Shape {
    std::array<TokenBucket, 2> rate;  // by direction
  };

  void due() override;
  /// The rule's delay is over.
  bool proceed();
  /// Bytes that the rule lets the source send now. Where it is 0 the flow will be woken, or is to be reset.
  uint64_t allowance(Side source);
  bool spent() const { return shape_ && rule->effect.remaining(bytes) == 0; }
  void pumpBoth();
  /// As many bytes have passed as the rule allows: resets the flow once the other side has taken them. False when it is
  /// closed.
  bool endSpent();

  /// Moves what can be moved from `source` to the other side. False when the flow is closed.
  bool pump(Side source);
  bool writeHeld(Side source);
  bool endLane(Side source);
  void fail(Side side, int error);
  void rescue(Side failed);
  void close(CloseReason reason, int error, bool reset);

  StreamIo& io_;
  std::array<Lane, 2> lanes_;
  std::unique_ptr<Shape> shape_;
  bool dialled_ = false;
  bool connected_ = false;
};

}  // namespace flowtap::core
