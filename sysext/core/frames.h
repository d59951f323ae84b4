// The frames that make up nearly all of a subscriber's traffic, encoded straight into its queue. Everything else goes
// through the generated messages (putFrame).
#pragma once
#include "sysext/core/flow.h"
#include "sysext/core/out_queue.h"

namespace flowtap::core {

/// Upper bound of the frame's bytes, header included.
size_t openedBytes(const Flow& flow);
void putOpened(OutQueue& queue, const Flow& flow);

constexpr size_t kDataOverhead = 64;
/// `length`: size of the whole datagram, 0 for streams.
void putData(OutQueue& queue, FlowId id, Direction direction, uint64_t offset, std::string_view bytes, Micros at,
             uint32_t length);

constexpr size_t kCountersBytes = 144;
void putCounters(OutQueue& queue, const Flow& flow);

struct Closing {
  CloseReason reason = CloseReason::kEof;
  int error = 0;
  std::string errorText;
  Micros at = 0;
};
size_t closedBytes(const Closing& closing);
void putClosed(OutQueue& queue, const Flow& flow, const Closing& closing);

constexpr size_t kSmallFrameBytes = 32;
void putDropped(OutQueue& queue, uint64_t frames, uint64_t bytes);
void putSnapshotBegin(OutQueue& queue, uint32_t flows, bool resync);
void putSnapshotEnd(OutQueue& queue);

void putFrame(OutQueue& queue, const wire::ProxyFrame& frame);

}  // namespace flowtap::core
