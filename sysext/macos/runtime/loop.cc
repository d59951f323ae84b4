#include "sysext/macos/runtime/loop.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "native/steady.h"

namespace flowtap::macos {
uint64_t SystemClock::wallMicros() { return anchor_ + steadyMicros(); }
uint64_t SystemClock::steadyMillis() { return steadyMicros() / 1000; }
void SystemClock::settle() { anchor_ = clockMicros(CLOCK_REALTIME) - steadyMicros(); }

bool Loop::start(Turn& turn, Around around) {
  turn_ = &turn;
  around_ = around ? std::move(around) : [](const std::function<void()>& work) { work(); };
  if (!wake_.open()) return false;
  // Signals are the system's to deal with on another thread. Not std::thread: a failure is no crash.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  errno = ::pthread_create(&thread_, nullptr, &Loop::main, this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  running_ = errno == 0;
  return running_;
}

Loop::~Loop() { join(); }

void Loop::join() {
  if (!std::exchange(running_, false)) return;
  ::pthread_join(thread_, nullptr);
}

void* Loop::main(void* self) {
  static_cast<Loop*>(self)->run();
  return nullptr;
}

void Loop::post(std::function<void()> work) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (over_) {
    lock.unlock();  // what the work holds may post as well when it is destroyed
    return;
  }
  posted_.push_back(std::move(work));
  const bool tell = !std::exchange(signalled_, true);
  lock.unlock();
  if (tell) wake_.signal();
}

void Loop::run() {
  std::optional<uint64_t> until;
  for (;;) {
    around_([&] { until = turn(); });
    if (!until) break;
    const Ready ready = wait(*until);
    if (!ready.order.empty()) around_([&] { deliver(ready); });
  }
  std::vector<std::function<void()>> rest;
  do {  // what is destroyed here may post
    const std::lock_guard<std::mutex> lock(mutex_);
    rest = std::exchange(posted_, {});
    over_ = true;
  } while (!rest.empty());
}

std::optional<uint64_t> Loop::turn() {
  std::unique_lock<std::mutex> lock(mutex_);
  auto work = std::exchange(posted_, {});
  signalled_ = false;
  lock.unlock();
  for (auto& each : work) std::exchange(each, nullptr)();
  return turn_->afterTurn();
}

Loop::Ready Loop::wait(uint64_t until) {
  Ready ready{{{wake_.fd(), POLLIN, 0}}, {nullptr}};
  for (Watched* const watched : watched_) {
    if (const short events = watched->events()) {
      ready.polled.push_back({watched->fd(), events, 0});
      ready.order.push_back(watched);
    }
  }
  const uint64_t now = steadyMicros() / 1000;
  const uint64_t left = until > now ? std::min<uint64_t>(until - now, 3'600'000) : 0;
  const auto count = static_cast<nfds_t>(ready.polled.size());
  if (::poll(ready.polled.data(), count, static_cast<int>(left)) <= 0) return {};
  if (ready.polled[0].revents) wake_.clear();
  return ready;
}

void Loop::deliver(const Ready& ready) {
  for (size_t i = 1; i < ready.polled.size(); i++)
    if (ready.polled[i].revents && watched_.count(ready.order[i])) ready.order[i]->onEvents(ready.polled[i].revents);
}

}  // namespace flowtap::macos
