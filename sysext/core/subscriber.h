// What one client sees of the flows, and the bounded queue it reads from. It never makes a flow wait:
//   - payload that does not fit is left out and counted (Dropped);
//   - when the flows' lifecycle does not fit either, everything is counted and left out until the client has read the
//     queue, and then it gets a fresh snapshot (SnapshotBegin{resync}).
#pragma once
#include <string>

#include "sysext/core/flow_table.h"
#include "sysext/core/frames.h"
#include "sysext/core/limits.h"

namespace flowtap::core {

/// Shared by all subscribers of an engine.
struct Outgoing {
  explicit Outgoing(const Limits& bounds, const FlowTable& flows) : limits(bounds), table(flows) {}
  const Limits& limits;
  const FlowTable& table;
  BlockPool pool;
  size_t bodyBytes = 0;  ///< payload that waits in all queues
};

class Subscriber {
 public:
  /// Takes bytes without blocking: how many it took, kWouldBlock, or kGone.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual long write(const char* data, size_t size) = 0;
  };
  static constexpr long kWouldBlock = -1;
  static constexpr long kGone = -2;

  Subscriber(Outgoing& outgoing, Writer& writer) : outgoing_(outgoing), writer_(writer), queue_(outgoing.pool) {}
  ~Subscriber() { outgoing_.bodyBytes -= queue_.bodyBytes(); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// From now on flows of `uid` (or of everybody) in `capture` (or in all, when empty) are told; starts with a snapshot.
  void subscribe(uint32_t uid, bool everybody, std::string capture, uint32_t bodyLimit);
  bool subscribed() const { return subscribed_; }

  // What happens to flows.
  void opened(const Flow& flow);
  void data(const Flow& flow, Direction direction, uint64_t offset, std::string_view bytes, Micros at,
            uint32_t length);
  /// Payload that was lost before it came to the engine: told as Dropped as far as this client wanted it.
  void leftOut(const Flow& flow, uint64_t offset, uint64_t bytes, uint64_t pieces);
  void counters(const Flow& flow);
  /// The flow is still in the table.
  void closed(const Flow& flow, const Closing& closing);

  /// Answers to the client: always queued, in order.
  void send(const wire::ProxyFrame& frame) {
    putFrame(queue_, frame);
    urgent_ = true;
  }
  OutQueue& queue() { return queue_; }

  /// Writes what the client takes, and goes on with a snapshot or a resynchronisation when there is room again.
  void flush();
  /// The client takes bytes again.
  void writable() { blocked_ = false; }
  /// Says what was left out since it was last said. flush() does so when there is room; the end of a connection does
  /// so in any case.
  void tellDropped();

  /// Whatever waits is not written any more.
  void abandon() { gone_ = true; }

  bool drained() const { return queue_.empty(); }
  /// Bytes wait that the client would take.
  bool unwritten() const { return !blocked_ && !gone_ && !queue_.empty(); }
  /// Somebody waits for them.
  bool urgent() const { return urgent_; }
  bool gone() const { return gone_; }
  bool blocked() const { return blocked_; }
  size_t queuedBytes() const { return queue_.size(); }

 private:
  bool sees(const Flow& flow) const {
    return subscribed_ && (everybody_ || flow.uid() == uid_) &&
           (capture_.empty() || flow.about.capture->name == capture_);
  }
  /// In a snapshot's part that was not sent yet.
  bool awaited(const Flow& flow) const { return snapshotNext_ && flow.id >= snapshotNext_->id && flow.id <= snapshotLast_; }
  bool admitLifecycle(size_t bytes);
  void beginSnapshot(bool resync);
  void continueSnapshot();
  /// Past the flow that was next; ends the snapshot after its last one.
  void advanceSnapshot();
  /// The next block, or all of them.
  void write(bool all);
  void writeFullBlock();

  Outgoing& outgoing_;
  Writer& writer_;
  OutQueue queue_;
  uint64_t droppedFrames_ = 0;
  uint64_t droppedBytes_ = 0;
  const Flow* snapshotNext_ = nullptr;  // the flow to tell next; null: no snapshot under way
  FlowId snapshotLast_ = 0;
  std::string capture_;
  uint32_t uid_ = 0;
  uint32_t bodyLimit_ = 0;
  bool subscribed_ = false;
  bool everybody_ = false;
  bool lagging_ = false;  // nothing is queued until the client has read what is queued
  bool blocked_ = false;
  bool gone_ = false;
  bool urgent_ = false;
};

}  // namespace flowtap::core
