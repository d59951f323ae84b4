#include "sysext/core/engine.h"

#include <algorithm>
#include <system_error>

#include "sysext/core/datagram_flow.h"
#include "sysext/core/version.h"

namespace flowtap::core {
namespace {

/// How long people are told that a limit was reached after the last flow that was turned away.
constexpr uint64_t kLimitNoticeMillis = 2000;

}  // namespace

Engine::Engine(Clock& clock, Limits limits, Identity identity)
    : clock_(clock),
      limits_(limits),
      identity_(std::move(identity)),
      startedAt_(clock.wallMicros()),
      outgoing_(limits_, table_),
      buffers_(limits.relayBlock, limits.relayBudget) {}

// ---- flows ----

const char* Engine::limitReached() const {
  if (table_.size() >= limits_.flows) return "The limit of live flows is reached";
  if (buffers_.held() + waitingDatagrams_ >= 2 * limits_.relayBudget)
    return "The memory for payload that waits for slow peers is used up";
  return nullptr;
}

const char* Engine::open(Flow& flow) {
  const char* const why = limitReached();
  if (table_.size() == 0) clock_.settle();
  flow.openedAt = clock_.wallMicros();
  if (const RuleSet* rules = !why && !rules_.empty() ? rulesOf(flow.uid()) : nullptr)
    if ((flow.rule = rules->find(flow.about))) flow.rule->applied++;
  table_.add(flow);
  for (Session* session : sessions_) session->subscriber().opened(flow);
  return why;
}

void Engine::turnAway(Flow& flow, const char* why) {
  countRefused();
  limitNoticeUntil_ = clock_.steadyMillis() + kLimitNoticeMillis;
  if (limitNotice_.empty()) {
    limitNotice_ = std::string(why) + ": new flows are refused, those that live go on. See the limits in the proxy's status.";
    tellStatus();
  }
  close(flow, CloseReason::kLimit, 0, why);
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

void Engine::close(Flow& flow, CloseReason reason, int error, std::string text) {
  if (!flow.live()) return;
  sleep(flow);
  Closing closing;
  closing.reason = reason;
  closing.error = error;
  closing.errorText = std::move(text);
  if (error != 0 && closing.errorText.empty()) closing.errorText = std::generic_category().message(error);
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
  flow.idleClass_ = flow.brief() ? 1 : 0;
  IdleList& list = idle_[flow.idleClass_];
  flow.idlePrevious_ = list.last;
  (list.last ? list.last->idleNext_ : list.first) = &flow;
  list.last = &flow;
}

void Engine::expire(uint64_t now) {
  const uint32_t after[2] = {limits_.datagramIdleMillis, limits_.answeredQueryIdleMillis};
  for (int i = 0; i < 2; i++)
    while (idle_[i].first && idle_[i].first->lastActive_ + after[i] <= now) idle_[i].first->expire();
}

// ---- flows that a rule keeps waiting ----

void Engine::wakeAt(Flow& flow, uint64_t at) {
  if (flow.wakeAt_ != 0 && flow.wakeAt_ <= at) return;
  sleep(flow);
  flow.wakeAt_ = at;
  wakes_.emplace(at, &flow);
}

void Engine::sleep(Flow& flow) {
  if (flow.wakeAt_ != 0) wakes_.erase({flow.wakeAt_, &flow});
  flow.wakeAt_ = 0;
}

void Engine::wake(uint64_t now) {
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    Flow& flow = *wakes_.begin()->second;
    sleep(flow);
    flow.due();
  }
}

// ---- rules ----

RuleProblem Engine::setRules(uint32_t uid, std::string_view text) {
  RuleProblem problem;
  RuleSet set = parseRules(text, problem);
  if (problem.line != 0) return problem;
  if (set.rules.empty())
    rules_.erase(uid);
  else
    rules_[uid] = std::move(set);
  tellStatus();
  return {};
}

const RuleSet* Engine::rulesOf(uint32_t uid) const {
  const auto found = rules_.find(uid);
  return found == rules_.end() ? nullptr : &found->second;
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
  for (Session* session : sessions_) session->flush();
}

void Engine::tick() {
  const uint64_t now = clock_.steadyMillis();
  if (!dirty_.empty() && countersAt_ <= now) tellCounters();
  expire(now);
  wake(now);
  if (!limitNotice_.empty() && limitNoticeUntil_ <= now) {
    limitNotice_.clear();
    tellStatus();
  }
  for (Session* session : sessions_)
    if (session->deadline().value_or(UINT64_MAX) <= now) session->expire();
}

std::optional<uint64_t> Engine::nextTick() const {
  uint64_t next = UINT64_MAX;
  if (!dirty_.empty()) next = countersAt_;
  if (idle_[0].first) next = std::min(next, idle_[0].first->lastActive_ + limits_.datagramIdleMillis);
  if (idle_[1].first) next = std::min(next, idle_[1].first->lastActive_ + limits_.answeredQueryIdleMillis);
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  if (!limitNotice_.empty()) next = std::min(next, limitNoticeUntil_);
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

size_t Engine::clients() const {
  return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(), [](const Session* s) {
    return s->welcomed() && !s->attached() && !s->ending();
  }));
}

wire::ProxyFrame Engine::status(uint32_t uid) const {
  wire::ProxyFrame frame;
  wire::ProxyStatus& status = frame.status.emplace();
  status.mode = identity_.mode;
  status.liveFlows = table_.size();
  status.totalFlows = table_.total();
  status.captures = static_cast<uint32_t>(captures_.size());
  status.subscribers = static_cast<uint32_t>(subscribers());
  status.bodyBytes = outgoing_.bodyBytes;
  status.bodyBudget = limits_.bodyBudget;
  status.flowLimit = limits_.flows;
  status.bodyLimit = limits_.bodyLimit;
  status.startedAt = startedAt_;
  status.blindSpots = identity_.blindSpots;
  captures_.describe(status);
  status.text = notice_ + (notice_.empty() || limitNotice_.empty() ? "" : " ") + limitNotice_;
  status.refusedFlows = refused_;
  status.clientLimit = limits_.sessions;
  status.captureLimit = limits_.captures;
  status.queueLimit = limits_.queueBytes;
  status.relayBytes = buffers_.held() + waitingDatagrams_;
  status.relayBudget = limits_.relayBudget;
  status.udpIdleSeconds = limits_.datagramIdleMillis / 1000;
  if (const RuleSet* rules = rulesOf(uid)) status.rules = static_cast<uint32_t>(rules->rules.size());
  return frame;
}

void Engine::setNotice(std::string text) {
  if (text == notice_) return;
  notice_ = std::move(text);
  tellStatus();
}

void Engine::captureBegan(wire::CaptureStatus capture) {
  captures_.add(std::move(capture));
  tellStatus();
}

void Engine::captureEnded(const std::string& name) {
  captures_.remove(name);
  tellStatus();
}

void Engine::tellStatus() {
  for (Session* session : sessions_) session->tellStatus();
}

}  // namespace flowtap::core
