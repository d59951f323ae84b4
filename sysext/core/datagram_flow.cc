#include "sysext/core/datagram_flow.h"

#include <cerrno>

namespace flowtap::core {
namespace {

/// What waits of one direction of a flow under a rule: as much as a slow link's buffer. What comes beyond is lost.
constexpr size_t kWaitingBytes = 64u << 10;
constexpr size_t kWaitingDatagrams = 64;
/// Memory of an empty datagram that waits.
constexpr size_t kWaitingOverhead = 64;

}  // namespace

DatagramFlow::DatagramFlow(Engine& engine, FlowStart start) : Flow(engine, std::move(start)) {}

DatagramFlow::~DatagramFlow() { leave(CloseReason::kProxyError, 0); }

bool DatagramFlow::begin() {
  if (const char* why = engine_.open(*this)) {
    engine_.turnAway(*this, why);
    released();
    return false;
  }
  if (rule && rule->effect.shapes()) {
    const uint64_t now = engine_.clock().steadyMillis();
    const RuleEffect& effect = rule->effect;
    shape_ = std::make_unique<Shape>();
    shape_->passFrom = now + effect.delayMillis;
    for (size_t i = 0; i < 2; i++) shape_->rate[i] = TokenBucket(effect.rate[i], now);
  }
  engine_.touch(*this);
  return true;
}

bool DatagramFlow::datagram(Direction direction, std::string_view payload) {
  bool passes = true;
  if (shape_ && (!shape_->waiting[index(direction)].empty() || !mayPass(direction))) {
    hold(direction, payload);
    passes = false;
  } else {
    passes = admit(direction, payload);
  }
  engine_.touch(*this);
  return passes;
}

/// Counts and tells it, or turns it away.
bool DatagramFlow::admit(Direction direction, std::string_view payload) {
  if (barred()) {
    lose(direction, payload.size());
    if (direction == Direction::kUp) refuse();
    return false;
  }
  if (direction == Direction::kDown && connectedAt == 0) connectedAt = engine_.clock().wallMicros();
  if (shape_) shape_->rate[index(direction)].take(payload.size());
  datagrams[index(direction)]++;
  engine_.data(*this, direction, payload, static_cast<uint32_t>(payload.size()));
  return true;
}

bool DatagramFlow::mayPass(Direction direction) {
  const uint64_t now = engine_.clock().steadyMillis();
  uint64_t from = shape_->passFrom;
  if (from <= now) {
    TokenBucket& rate = shape_->rate[index(direction)];
    if (rate.available(now) > 0) return true;
    from = now + rate.waitMillis();
  }
  engine_.wakeAt(*this, from);
  return false;
}

void DatagramFlow::hold(Direction direction, std::string_view payload) {
  auto& waiting = shape_->waiting[index(direction)];
  size_t& held = shape_->waitingBytes[index(direction)];
  const size_t size = payload.size() + kWaitingOverhead;
  const bool full = !waiting.empty() && (held + size > kWaitingBytes || waiting.size() == kWaitingDatagrams);
  if (full || engine_.waitingDatagrams() + size > engine_.limits().relayBudget) return lose(direction, payload.size());
  waiting.emplace_back(payload);
  held += size;
  engine_.waitingDatagrams() += size;
}

std::string DatagramFlow::takeWaiting(Direction direction) {
  auto& waiting = shape_->waiting[index(direction)];
  std::string first = std::move(waiting.front());
  waiting.pop_front();
  shape_->waitingBytes[index(direction)] -= first.size() + kWaitingOverhead;
  engine_.waitingDatagrams() -= first.size() + kWaitingOverhead;
  return first;
}

void DatagramFlow::lose(Direction direction, size_t size) {
  if (!lost) lost = std::make_unique<Lost>();
  lost->datagrams[index(direction)]++;
  lost->bytes[index(direction)] += size;
  engine_.changed(*this);
}

void DatagramFlow::due() {
  for (const Direction direction : {Direction::kUp, Direction::kDown})
    while (live() && !shape_->waiting[index(direction)].empty() && mayPass(direction)) {
      const std::string datagram = takeWaiting(direction);
      if (admit(direction, datagram)) pass(direction, datagram);
    }
  if (live()) engine_.touch(*this);
}

bool DatagramFlow::waits() const { return shape_ && (!shape_->waiting[0].empty() || !shape_->waiting[1].empty()); }

bool DatagramFlow::barred() const {
  return rule && (rule->effect.block || rule->effect.remaining(bytes) == 0);
}

void DatagramFlow::expire() {
  if (waits())
    engine_.touch(*this);
  else  // an answered query has come to its end in order
    stop(brief() ? CloseReason::kEof : CloseReason::kIdle, 0);
}

void DatagramFlow::stop(CloseReason reason, int error) {
  if (!live()) return;
  leave(reason, error);
  released();
}

void DatagramFlow::leave(CloseReason reason, int error) {
  if (shape_)
    for (const Direction direction : {Direction::kUp, Direction::kDown})
      while (!shape_->waiting[index(direction)].empty()) lose(direction, takeWaiting(direction).size());
  engine_.forget(*this);
  // Its program or its socket has ended; but the conversation was over before, by the rule.
  if (reason == CloseReason::kEof && barred()) reason = CloseReason::kRule, error = ECONNREFUSED;
  engine_.close(*this, reason, error, lossText());
}

std::string DatagramFlow::lossText() const {
  if (!lost) return {};
  const uint64_t count = lost->datagrams[0] + lost->datagrams[1];
  return "The rule did not let " + (count == 1 ? "one datagram" : std::to_string(count) + " datagrams") + " through (" +
         std::to_string(lost->bytes[0] + lost->bytes[1]) + " bytes)";
}

}  // namespace flowtap::core
