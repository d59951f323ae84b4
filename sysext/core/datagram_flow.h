// One UDP conversation: a client's address and one peer. It has no end of its own, so it ends when it was quiet for long
// enough, or with its capture.
#pragma once
#include "sysext/core/engine.h"

namespace flowtap::core {

class DatagramFlow : public Flow {
 public:
  DatagramFlow(Engine& engine, FlowStart start);
  ~DatagramFlow() override;

  /// False where the proxy's limit is reached: the flow is closed already, released() was called.
  bool begin();
  /// One datagram, before it is passed on.
  void datagram(Direction direction, std::string_view payload);
  void stop(CloseReason reason, int error) override;

 protected:
  /// The flow is closed: the shell gives its resources back. Called once.
  virtual void released() = 0;

 private:
  friend class Engine;
  /// A DNS exchange is over when every query is answered; waiting the full idle time would fill the list with them.
  bool answered() const { return about.destination.port == 53 && datagrams[1] > 0 && datagrams[1] >= datagrams[0]; }

  DatagramFlow* idlePrevious_ = nullptr;
  DatagramFlow* idleNext_ = nullptr;
  uint64_t lastActive_ = 0;  // steady milliseconds
  int8_t idleClass_ = -1;
};

}  // namespace flowtap::core
