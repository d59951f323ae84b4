// The flow core: live flows, limits, clients. One thread owns an engine and everything it hands out. The shell calls
//   tick()    when nextTick() is due
//   answer()  at the end of each turn of its event loop
//   flush()   when unwritten() events have been gathered for a moment: programs that make many small events then cost
//             their subscribers one write for many of them
#pragma once
#include <optional>
#include <vector>

#include "sysext/core/clock.h"
#include "sysext/core/process_table.h"
#include "sysext/core/relay_buffers.h"
#include "sysext/core/session.h"

namespace flowtap::core {

class DatagramFlow;

/// What the shell says of itself in Welcome and ProxyStatus.
struct Identity {
  wire::Platform platform = wire::Platform::kUnspecified;
  Mode mode = Mode::kUnspecified;
  std::string program;  ///< for messages, e.g. "flowtapd"
  uint32_t pid = 0;
  std::vector<std::string> capabilities;
  std::vector<std::string> blindSpots;
};

class Engine {
 public:
  Engine(Clock& clock, Limits limits, Identity identity);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- flows; called by StreamFlow and DatagramFlow ----
  /// False where the limit of live flows is reached. The flow is then still to be opened and closed with kLimit, so
  /// that people see it.
  bool admits() const { return table_.size() < limits_.flows; }
  void open(Flow& flow);
  /// Counts the bytes and tells them. `length`: the datagram's size; 0 for streams.
  void data(Flow& flow, Direction direction, std::string_view bytes, uint32_t length);
  /// Payload from `offset` on that the shell had to let go, in so many pieces. The shell counts it in the flow itself.
  void leftOut(Flow& flow, uint64_t offset, uint64_t bytes, uint64_t pieces);
  /// connectedAt or ended changed.
  void changed(Flow& flow);
  void close(Flow& flow, CloseReason reason, int error);
  /// A flow was turned away before there was a record of it.
  void countRefused() { refused_++; }

  /// Conversations without an end of their own: the one that was quiet for longest first.
  void touch(DatagramFlow& flow);
  void forget(DatagramFlow& flow);

  // ---- shell ----
  /// Writes to the clients that wait for an answer.
  void answer();
  /// Writes to all clients.
  void flush();
  bool unwritten() const;
  void tick();
  /// Steady milliseconds at which tick() has work; nothing when there is none.
  std::optional<uint64_t> nextTick() const;
  /// Closes every flow; clients are told, then refused as kStopping.
  void stop();
  bool drained() const;
  /// Shown in ProxyStatus and sent to every subscriber when it changes: a limit that was reached, for example.
  void setNotice(std::string text);
  void setCaptures(uint32_t captures) { captures_ = captures; }

  Clock& clock() { return clock_; }
  const Limits& limits() const { return limits_; }
  const Identity& identity() const { return identity_; }
  FlowTable& table() { return table_; }
  const FlowTable& table() const { return table_; }
  ProcessTable& processes() { return processes_; }
  RelayBuffers& buffers() { return buffers_; }
  Outgoing& outgoing() { return outgoing_; }
  const std::vector<Session*>& sessions() const { return sessions_; }
  size_t subscribers() const;
  wire::ProxyFrame status() const;
  bool stopping() const { return stopping_; }

 private:
  friend class Session;
  void tellCounters();
  void expire(uint64_t now);

  Clock& clock_;
  const Limits limits_;
  const Identity identity_;
  const Micros startedAt_;
  FlowTable table_;
  Outgoing outgoing_;
  ProcessTable processes_;
  RelayBuffers buffers_;
  std::vector<Session*> sessions_;
  std::vector<Flow*> dirty_;        // flows whose counters are to be told; a closed flow leaves a null
  uint64_t countersAt_ = 0;         // steady milliseconds
  // Two classes of idle time, each in the order of the last activity.
  struct IdleList {
    DatagramFlow* first = nullptr;
    DatagramFlow* last = nullptr;
  };
  IdleList idle_[2];
  uint64_t refused_ = 0;
  uint32_t captures_ = 0;
  std::string notice_;
  bool stopping_ = false;
};

}  // namespace flowtap::core
