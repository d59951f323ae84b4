#include "sysext/core/datagram_flow.h"

namespace flowtap::core {

DatagramFlow::DatagramFlow(Engine& engine, FlowStart start) : Flow(engine, std::move(start)) {}

DatagramFlow::~DatagramFlow() { engine_.forget(*this); }

bool DatagramFlow::begin() {
  const bool admitted = engine_.admits();
  engine_.open(*this);
  if (admitted) {
    engine_.touch(*this);
    return true;
  }
  engine_.countRefused();
  stop(CloseReason::kLimit, 0);
  return false;
}

void DatagramFlow::datagram(Direction direction, std::string_view payload) {
  if (direction == Direction::kDown && connectedAt == 0) connectedAt = engine_.clock().wallMicros();
  datagrams[index(direction)]++;
  engine_.data(*this, direction, payload, static_cast<uint32_t>(payload.size()));
  engine_.touch(*this);
}

void DatagramFlow::stop(CloseReason reason, int error) {
  if (!live()) return;
  engine_.forget(*this);
  engine_.close(*this, reason, error);
  released();
}

}  // namespace flowtap::core
