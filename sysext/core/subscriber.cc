#include "sysext/core/subscriber.h"

#include <algorithm>

namespace flowtap::core {
namespace {

/// A snapshot is encoded in portions of this size, so that ten thousand flows do not overrun the queue.
constexpr size_t kSnapshotPortion = 256u << 10;
constexpr size_t kWriteAt = 64u << 10;

}  // namespace

void Subscriber::subscribe(uint32_t uid, bool everybody, std::string capture, uint32_t bodyLimit) {
  subscribed_ = true;
  uid_ = uid;
  everybody_ = everybody;
  capture_ = std::move(capture);
  bodyLimit_ = std::min(bodyLimit, outgoing_.limits.bodyLimit);
  lagging_ = false;
  beginSnapshot(false);
}

bool Subscriber::admitLifecycle(size_t bytes) {
  if (!lagging_ && queue_.size() + bytes > outgoing_.limits.queueBytes) {
    lagging_ = true;
    snapshotNext_ = nullptr;  // the resynchronisation sends a complete one
  }
  if (lagging_) droppedFrames_++;
  return !lagging_;
}

void Subscriber::opened(const Flow& flow) {
  if (!sees(flow) || !admitLifecycle(openedBytes(flow))) return;
  putOpened(queue_, flow);
  writeFullBlock();
}

void Subscriber::data(const Flow& flow, Direction direction, uint64_t offset, std::string_view bytes, Micros at,
                      uint32_t length) {
  if (offset >= bodyLimit_ || !sees(flow)) return;
  bytes = bytes.substr(0, bodyLimit_ - offset);
  do {
    // A datagram is one frame whatever its size.
    const std::string_view piece = length ? bytes : bytes.substr(0, kMaxPieceBytes);
    const size_t need = piece.size() + kDataOverhead;
    if (lagging_ || awaited(flow) || queue_.size() + need > outgoing_.limits.bodyShare ||
        outgoing_.bodyBytes + piece.size() > outgoing_.limits.bodyBudget) {
      droppedFrames_++;
      droppedBytes_ += piece.size();
    } else {
      putData(queue_, flow.id, direction, offset, piece, at, length);
      outgoing_.bodyBytes += piece.size();
      writeFullBlock();
    }
    offset += piece.size();
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
}

void Subscriber::leftOut(const Flow& flow, uint64_t offset, uint64_t bytes, uint64_t pieces) {
  if (offset >= bodyLimit_ || !sees(flow)) return;
  droppedFrames_ += pieces;
  droppedBytes_ += std::min<uint64_t>(bytes, bodyLimit_ - offset);
}

void Subscriber::counters(const Flow& flow) {
  if (!sees(flow) || awaited(flow) || !admitLifecycle(kCountersBytes)) return;
  putCounters(queue_, flow);
  writeFullBlock();
}

void Subscriber::closed(const Flow& flow, const Closing& closing) {
  if (sees(flow)) {
    const bool untold = awaited(flow);
    if (untold && admitLifecycle(openedBytes(flow))) putOpened(queue_, flow);
    if (admitLifecycle(closedBytes(closing))) putClosed(queue_, flow, closing);
  }
  if (snapshotNext_ == &flow) advanceSnapshot();
  writeFullBlock();
}

void Subscriber::advanceSnapshot() {
  snapshotNext_ = FlowTable::next(*snapshotNext_);
  if (snapshotNext_ && snapshotNext_->id <= snapshotLast_) return;
  snapshotNext_ = nullptr;
  putSnapshotEnd(queue_);
}

void Subscriber::beginSnapshot(bool resync) {
  uint32_t flows = 0;
  snapshotNext_ = nullptr;
  for (const Flow* flow = outgoing_.table.first(); flow; flow = FlowTable::next(*flow))
    if (sees(*flow)) {
      if (!snapshotNext_) snapshotNext_ = flow;
      flows++;
    }
  snapshotLast_ = outgoing_.table.lastId();
  putSnapshotBegin(queue_, flows, resync);
  if (!snapshotNext_) putSnapshotEnd(queue_);
  continueSnapshot();
}

void Subscriber::continueSnapshot() {
  while (snapshotNext_ && queue_.size() < kSnapshotPortion) {
    if (sees(*snapshotNext_)) putOpened(queue_, *snapshotNext_);
    advanceSnapshot();
  }
}

void Subscriber::tellDropped() {
  if (droppedFrames_ == 0) return;
  putDropped(queue_, droppedFrames_, droppedBytes_);
  droppedFrames_ = droppedBytes_ = 0;
}

void Subscriber::write(bool all) {
  while (!blocked_ && !gone_ && !queue_.empty()) {
    const std::string_view front = queue_.front();
    const long n = writer_.write(front.data(), front.size());
    if (n < 0) {
      (n == kWouldBlock ? blocked_ : gone_) = true;
      break;
    }
    const size_t body = queue_.bodyBytes();
    queue_.consume(static_cast<size_t>(n));
    outgoing_.bodyBytes -= body - queue_.bodyBytes();
    if (static_cast<size_t>(n) < front.size()) blocked_ = true;  // an edge tells when there is room again
    if (!all) break;
  }
}

void Subscriber::writeFullBlock() {
  // Only bytes leave here: this runs in the middle of a flow's event, so snapshots wait for flush().
  if (queue_.size() >= kWriteAt && !blocked_) write(false);
}

void Subscriber::flush() {
  urgent_ = false;
  do {
    write(true);
    if (gone_) return;
    if (lagging_ && queue_.empty()) {
      lagging_ = false;
      tellDropped();
      beginSnapshot(true);
    } else if (!lagging_ && queue_.size() < outgoing_.limits.bodyShare / 2) {
      tellDropped();
      continueSnapshot();
    }
  } while (!blocked_ && !queue_.empty());
}

}  // namespace flowtap::core
