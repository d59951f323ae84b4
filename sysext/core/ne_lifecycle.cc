#include "sysext/core/ne_lifecycle.h"

#include <utility>

namespace flowtap::core {

using Lock = std::unique_lock<std::mutex>;

std::optional<uint64_t> NeLifecycle::start(Started started) {
  Lock lock(mutex_);
  if (state_ == State::kRunning) {
    lock.unlock();
    started("");
    return std::nullopt;
  }
  waiting_.push_back(std::move(started));
  if (state_ == State::kStarting) return std::nullopt;
  state_ = State::kStarting;
  return ++attempt_;
}

bool NeLifecycle::settled(uint64_t attempt, const std::string& error) {
  Lock lock(mutex_);
  if (state_ != State::kStarting || attempt != attempt_) return false;
  const bool runs = error.empty();
  state_ = runs ? State::kRunning : State::kStopped;
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const Started& started : waiting) started(error);
  return runs;
}

void NeLifecycle::stop() {
  Lock lock(mutex_);
  state_ = State::kStopped;
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const Started& started : waiting) started("it was stopped before it had started");
}

bool NeLifecycle::running() {
  const Lock lock(mutex_);
  return state_ == State::kRunning;
}

}  // namespace flowtap::core
