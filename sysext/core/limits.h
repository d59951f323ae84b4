// Every bound of the engine in one place; the shells' options set them and ProxyStatus reports them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace flowtap::core {

/// Of one message on the wire (proto/flow.proto).
constexpr size_t kMaxFrameBytes = 1u << 20;
/// Longest piece of a stream's payload in one FlowData.
constexpr size_t kMaxPieceBytes = 32u << 10;

struct Limits {
  uint32_t flows = 65536;            ///< live at once; more are refused with reason `limit`
  uint32_t sessions = 64;            ///< connected clients
  uint32_t captures = 256;
  uint32_t bodyLimit = 16u << 10;    ///< first bytes of each direction that subscribers get
  size_t queueBytes = 4u << 20;      ///< per subscriber, for frames that it has not read yet
  size_t bodyShare = 3u << 20;       ///< part of queueBytes that payload may fill; the rest is for the flows' lifecycle
  size_t bodyBudget = 16u << 20;     ///< payload waiting in all queues together
  size_t relayBlock = 512u << 10;    ///< bytes of one read
  size_t relayBudget = 64u << 20;    ///< payload that was read and not yet taken by the other side, all flows together
  uint32_t datagramIdleMillis = 60'000;
  uint32_t answeredQueryIdleMillis = 2'000;  ///< a conversation on port 53 whose every query was answered
  uint32_t helloMillis = 10'000;     ///< time a client has to introduce itself, and to read why it is refused
  uint32_t counterMillis = 100;      ///< pause between two FlowCounters of a flow
};

}  // namespace flowtap::core
