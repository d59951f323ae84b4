#include "sysext/macos/runtime/loop.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "native/steady.h"

namespace flowtap::macos {
uint64_t SystemClock::wallMicros() { return anchor_ + steadyMicros(); }
uint64_t SystemClock::steadyMillis() { return steadyMicros() / 1000; }
void SystemClock::settle() { anchor_ = clockMicros(CLOCK_REALTIME) - steadyMicros(); }

bool Loop::start(Turn& turn) {
  turn_ = &turn;
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
  for (;;) {
    std::unique_lock<std::mutex> lock(mutex_);
    auto work = std::exchange(posted_, {});
    signalled_ = false;
    lock.unlock();
    for (auto& each : work) std::exchange(each, nullptr)();
    const auto until = turn_->afterTurn();
    if (!until) break;
    wait(*until);
  }
  std::vector<std::function<void()>> rest;
  do {  // what is destroyed here may post
    const std::lock_guard<std::mutex> lock(mutex_);
    rest = std::exchange(posted_, {});
    over_ = true;
  } while (!rest.empty());
}

void Loop::wait(uint64_t until) {
  std::vector<pollfd> polled = {{wake_.fd(), POLLIN, 0}};
  std::vector<Watched*> order = {nullptr};
  for (Watched* const watched : watched_) {
    if (const short events = watched->events()) {
      polled.push_back({watched->fd(), events, 0});
      order.push_back(watched);
    }
  }
  const uint64_t now = steadyMicros() / 1000;
  const uint64_t left = until > now ? std::min<uint64_t>(until - now, 3'600'000) : 0;
  if (::poll(polled.data(), static_cast<nfds_t>(polled.size()), static_cast<int>(left)) <= 0) return;
  if (polled[0].revents) wake_.clear();
  for (size_t i = 1; i < polled.size(); i++)
    if (polled[i].revents && watched_.count(order[i])) order[i]->onEvents(polled[i].revents);
}

}  // namespace flowtap::macos
