#include "sysext/core/engine.h"

#include <algorithm>
#include <system_error>

#include "sysext/core/datagram_flow.h"
#include "sysext/core/version.h"

namespace flowtap::core {

Engine::Engine(Clock& clock, Limits limits, Identity identity)
    : clock_(clock),
      limits_(limits),
      identity_(std::move(identity)),
      startedAt_(clock.wallMicros()),
      outgoing_(limits_, table_),
      buffers_(limits.relayBlock, limits.relayBudget) {}

// ---- flows ----

void Engine::open(Flow& flow) {
  if (table_.size() == 0) clock_.settle();
  flow.openedAt = clock_.wallMicros();
  table_.add(flow);
  for (Session* session : sessions_) session->subscriber().opened(flow);
}

void Engine::data(Flow& flow, Direction direction, std::string_view bytes, uint32_t length) {
  uint64_t& count = flow.bytes[index(direction)];
  // Nobody wants payload beyond the limit, so a bulk transfer costs one comparison here.
  if (count < limits_.bodyLimit && !sessions_.empty()) {
    const Micros now = clock_.wallMicros();
    for (Session* session : sessions_) session->subscriber().data(flow, direction, count, bytes, now, length);
  }
  count += bytes.size();
  changed(flow);
}

void Engine::leftOut(Flow& flow, uint64_t offset, uint64_t bytes, uint64_t pieces) {
  for (Session* session : sessions_) session->subscriber().leftOut(flow, offset, bytes, pieces);
}

void Engine::changed(Flow& flow) {
  if (flow.dirty_ != Flow::kClean || sessions_.empty()) return;
  if (dirty_.empty()) countersAt_ = clock_.steadyMillis() + limits_.counterMillis;
  flow.dirty_ = static_cast<uint32_t>(dirty_.size());
  dirty_.push_back(&flow);
}

void Engine::close(Flow& flow, CloseReason reason, int error) {
  if (!flow.live()) return;
  Closing closing;
  closing.reason = reason;
  closing.error = error;
  if (error != 0) closing.errorText = std::generic_category().message(error);
  closing.at = clock_.wallMicros();
  for (Session* session : sessions_) session->subscriber().closed(flow, closing);
  if (flow.dirty_ != Flow::kClean) dirty_[flow.dirty_] = nullptr;
  flow.dirty_ = Flow::kClean;
  table_.remove(flow);
}

void Engine::tellCounters() {
  for (Flow* flow : dirty_) {
    if (!flow) continue;
    flow->dirty_ = Flow::kClean;
    for (Session* session : sessions_) session->subscriber().counters(*flow);
  }
  dirty_.clear();
}

// ---- idle conversations ----

void Engine::forget(DatagramFlow& flow) {
  if (flow.idleClass_ < 0) return;
  IdleList& list = idle_[flow.idleClass_];
  (flow.idlePrevious_ ? flow.idlePrevious_->idleNext_ : list.first) = flow.idleNext_;
  (flow.idleNext_ ? flow.idleNext_->idlePrevious_ : list.last) = flow.idlePrevious_;
  flow.idlePrevious_ = flow.idleNext_ = nullptr;
  flow.idleClass_ = -1;
}

void Engine::touch(DatagramFlow& flow) {
  forget(flow);
  flow.lastActive_ = clock_.steadyMillis();
  flow.idleClass_ = flow.answered() ? 1 : 0;
  IdleList& list = idle_[flow.idleClass_];
  flow.idlePrevious_ = list.last;
  (list.last ? list.last->idleNext_ : list.first) = &flow;
  list.last = &flow;
}

void Engine::expire(uint64_t now) {
  const uint32_t after[2] = {limits_.datagramIdleMillis, limits_.answeredQueryIdleMillis};
  for (int i = 0; i < 2; i++)
    while (idle_[i].first && idle_[i].first->lastActive_ + after[i] <= now)
      // An answered query has come to its end in order.
      idle_[i].first->stop(i == 1 ? CloseReason::kEof : CloseReason::kIdle, 0);
}

// ---- the shell's turns ----

void Engine::answer() {
  for (Session* session : sessions_)
    if (session->subscriber().urgent()) session->subscriber().flush();
}

bool Engine::unwritten() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const Session* s) { return s->subscriber().unwritten(); });
}

void Engine::flush() {
  for (Session* session : sessions_) session->subscriber().flush();
}

void Engine::tick() {
  const uint64_t now = clock_.steadyMillis();
  if (!dirty_.empty() && countersAt_ <= now) tellCounters();
  expire(now);
  for (Session* session : sessions_)
    if (session->deadline().value_or(UINT64_MAX) <= now) session->expire();
}

std::optional<uint64_t> Engine::nextTick() const {
  uint64_t next = UINT64_MAX;
  if (!dirty_.empty()) next = countersAt_;
  if (idle_[0].first) next = std::min(next, idle_[0].first->lastActive_ + limits_.datagramIdleMillis);
  if (idle_[1].first) next = std::min(next, idle_[1].first->lastActive_ + limits_.answeredQueryIdleMillis);
  for (const Session* session : sessions_) next = std::min(next, session->deadline().value_or(UINT64_MAX));
  if (next == UINT64_MAX) return std::nullopt;
  return next;
}

void Engine::stop() {
  stopping_ = true;
  while (Flow* flow = table_.first()) flow->stop(CloseReason::kProxyStopped, 0);
  for (Session* session : sessions_) session->refuse(wire::RefusedCode::kStopping, identity_.program + " is stopping");
  flush();
}

bool Engine::drained() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const Session* s) { return s->over(); });
}

// ---- what people are told ----

size_t Engine::subscribers() const {
  return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                           [](const Session* s) { return s->subscriber().subscribed(); }));
}

wire::ProxyFrame Engine::status() const {
  wire::ProxyFrame frame;
  wire::ProxyStatus& status = frame.status.emplace();
  status.mode = identity_.mode;
  status.liveFlows = table_.size();
  status.totalFlows = table_.total();
  status.captures = captures_;
  status.subscribers = static_cast<uint32_t>(subscribers());
  status.bodyBytes = outgoing_.bodyBytes;
  status.bodyBudget = limits_.bodyBudget;
  status.flowLimit = limits_.flows;
  status.bodyLimit = limits_.bodyLimit;
  status.startedAt = startedAt_;
  status.blindSpots = identity_.blindSpots;
  status.text = notice_;
  status.refusedFlows = refused_;
  return frame;
}

void Engine::setNotice(std::string text) {
  if (text == notice_) return;
  notice_ = std::move(text);
  const wire::ProxyFrame frame = status();
  for (Session* session : sessions_)
    if (session->subscriber().subscribed() && !session->ending()) session->subscriber().send(frame);
}

}  // namespace flowtap::core
