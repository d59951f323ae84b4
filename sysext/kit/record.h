// What callers hand to the endpoint's thread.
#pragma once
#include <array>
#include <memory>
#include <string>

#include "sysext/core/flow.h"

struct flowtap_flow;

namespace flowtap::kit {

class Inbox;

/// Counts of a flow, by direction: [0] up, [1] down.
struct Totals {
  std::array<uint64_t, 2> bytes{};
  std::array<uint64_t, 2> datagrams{};
};

enum class Event : uint8_t { kOpened, kConnected, kData, kCounted, kEnded, kClosed };

/// Payload below the body limit for which the inbox had no room.
struct LeftOut {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t pieces = 0;
};

struct Record {
  Event event = Event::kCounted;
  flowtap_flow* flow = nullptr;
  core::Direction direction = core::Direction::kUp;
  core::CloseReason reason = core::CloseReason::kEof;
  int error = 0;
  uint32_t length = 0;  ///< of the whole datagram, 0 for streams
  uint64_t offset = 0;  ///< of the payload
  uint64_t at = 0;      ///< steady microseconds
  Totals totals;        ///< after this event
  std::array<LeftOut, 2> leftOut{};
  std::string payload;
};

/// A flow as the core knows it. The endpoint's thread makes it and is alone to use it.
class ReportedFlow final : public core::Flow {
 public:
  using Flow::Flow;
  void stop(core::CloseReason reason, int error) override;
};

/// What flowtap_flow_open() copied, until the endpoint's thread takes it.
struct Beginning {
  core::FlowStart start;
  core::ProcessInfo process;
  std::string host;
};

}  // namespace flowtap::kit

/// The caller's handle. Freed by the thread that takes its kClosed out of the inbox, or by the caller once there is no
/// such thread any more.
struct flowtap_flow {
  std::shared_ptr<flowtap::kit::Inbox> inbox;
  bool stream = true;
  flowtap::kit::Beginning beginning;                     // until it was opened
  std::unique_ptr<flowtap::kit::ReportedFlow> reported;  // the endpoint thread's
  // Guarded by the inbox's mutex.
  flowtap::kit::Totals totals;
  bool connected = false;
  std::array<bool, 2> ended{};
  flowtap::kit::Record* latest = nullptr;  // a kCounted in the batch `batch` that later counts may join
  uint64_t batch = 0;
};
