// One UDP conversation: a client's address and one peer. It has no end of its own, so it ends when it was quiet for long
// enough, or with its capture.
#pragma once
#include <deque>

#include "sysext/core/engine.h"
#include "sysext/core/token_bucket.h"

namespace flowtap::core {

class DatagramFlow : public Flow {
 public:
  DatagramFlow(Engine& engine, FlowStart start);
  ~DatagramFlow() override;

  /// False where a limit is reached: the flow is closed already, released() was called.
  bool begin();
  /// One datagram has come. True: the shell passes it on now. False: a rule holds it back, and pass() may follow, or it
  /// is lost.
  bool datagram(Direction direction, std::string_view payload);
  void stop(CloseReason reason, int error) override;

 protected:
  /// The flow is closed: the shell gives its resources back. Called once.
  virtual void released() = 0;
  // For shells that take rules (Identity::capabilities):
  /// A datagram that was held back is to be passed on now. Called from Engine::tick().
  virtual void pass(Direction direction, std::string_view payload) { (void)direction, (void)payload; }
  /// The rule blocks the flow: the program is told what it would be told if nobody listened there.
  virtual void refuse() {}

 private:
  friend class Engine;
  /// What the flow's rule asks. Only flows under a rule that does more than pass them have one.
  struct Shape {
    uint64_t passFrom = 0;  // steady milliseconds: the rule's delay is over
    std::array<TokenBucket, 2> rate;
    std::array<std::deque<std::string>, 2> waiting;
    std::array<size_t, 2> waitingBytes{};
  };

  void due() override;
  /// Was quiet for long enough.
  void expire();
  /// The rule lets nothing pass (any more).
  bool barred() const;
  /// A DNS exchange is over when every query is answered; waiting the full idle time would fill the list with them.
  bool answered() const { return about.destination.port == 53 && datagrams[1] > 0 && datagrams[1] >= datagrams[0]; }
  /// Nothing more is expected of it: the shorter idle time.
  bool brief() const { return !waits() && (answered() || barred()); }
  bool waits() const;
  bool admit(Direction direction, std::string_view payload);
  bool mayPass(Direction direction);
  void hold(Direction direction, std::string_view payload);
  std::string takeWaiting(Direction direction);
  void lose(Direction direction, size_t size);
  void leave(CloseReason reason, int error);
  /// For people, with the reason; empty where nothing was lost.
  std::string lossText() const;

  DatagramFlow* idlePrevious_ = nullptr;
  DatagramFlow* idleNext_ = nullptr;
  std::unique_ptr<Shape> shape_;
  uint64_t lastActive_ = 0;  // steady milliseconds
  int8_t idleClass_ = -1;
};

}  // namespace flowtap::core
