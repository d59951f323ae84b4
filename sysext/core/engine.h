// The flow core: live flows, limits, clients. One thread owns an engine and everything it hands out. The shell calls
//   tick()    when nextTick() is due
//   answer()  at the end of each turn of its event loop
//   flush()   when unwritten() events have been gathered for a moment: programs that make many small events then cost
//             their subscribers one write for many of them
#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sysext/core/capture_list.h"
#include "sysext/core/clock.h"
#include "sysext/core/process_table.h"
#include "sysext/core/relay_buffers.h"
#include "sysext/core/rules.h"
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
  /// False where a limit is reached: of live flows, or of memory for payload on its way. Flows that live go on.
  bool admits() const { return !limitReached(); }
  /// Begins the flow, under the user's first rule that fits it. Null, or why it is not admitted: people see it, and it
  /// is to be closed with turnAway().
  const char* open(Flow& flow);
  void turnAway(Flow& flow, const char* why);
  /// Counts the bytes and tells them. `length`: the datagram's size; 0 for streams.
  void data(Flow& flow, Direction direction, std::string_view bytes, uint32_t length);
  /// Payload from `offset` on that the shell had to let go, in so many pieces. The shell counts it in the flow itself.
  void leftOut(Flow& flow, uint64_t offset, uint64_t bytes, uint64_t pieces);
  /// connectedAt or ended changed.
  void changed(Flow& flow);
  void close(Flow& flow, CloseReason reason, int error) { close(flow, reason, error, {}); }
  /// `text` instead of the error's own.
  void close(Flow& flow, CloseReason reason, int error, std::string text);
  /// A flow was turned away before there was a record of it.
  void countRefused() { refused_++; }

  /// Conversations without an end of their own: the one that was quiet for longest first.
  void touch(DatagramFlow& flow);
  void forget(DatagramFlow& flow);

  /// Calls flow.due() at this time (steady milliseconds), once; the earliest of several. close() takes it back.
  void wakeAt(Flow& flow, uint64_t at);
  /// Bytes of datagrams that rules hold back, all flows together; bounded by relayBudget.
  size_t& waitingDatagrams() { return waitingDatagrams_; }

  // ---- rules; for shells whose Identity has the capability "rules" ----
  /// Takes over the whole file for the flows of this user that open from now on, or nothing where it has an error.
  RuleProblem setRules(uint32_t uid, std::string_view text);
  /// Null where the user has none.
  const RuleSet* rulesOf(uint32_t uid) const;
  bool hasRules() const { return !rules_.empty(); }

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
  /// Subscribers are told.
  void captureBegan(wire::CaptureStatus capture);
  void captureEnded(const std::string& name);

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
  /// Connected clients that are not being refused, without launchers.
  size_t clients() const;
  /// As this user sees it.
  wire::ProxyFrame status(uint32_t uid) const;
  bool stopping() const { return stopping_; }

 private:
  friend class Session;
  void tellCounters();
  void expire(uint64_t now);
  void wake(uint64_t now);
  /// Why no new flow is admitted, or null.
  const char* limitReached() const;
  void tellStatus();
  void sleep(Flow& flow);

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
  std::set<std::pair<uint64_t, Flow*>> wakes_;  // by due time; only flows under a rule are here
  std::map<uint32_t, RuleSet> rules_;           // by uid
  size_t waitingDatagrams_ = 0;
  std::string limitNotice_;
  uint64_t limitNoticeUntil_ = 0;   // steady milliseconds
  uint64_t refused_ = 0;
  CaptureList captures_;
  std::string notice_;
  bool stopping_ = false;
};

}  // namespace flowtap::core
