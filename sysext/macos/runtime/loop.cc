#include "sysext/macos/runtime/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace flowtap::macos {
namespace {

uint64_t micros(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
}

#ifdef __APPLE__
constexpr clockid_t kSteady = CLOCK_MONOTONIC;  // counts sleep there
#else
constexpr clockid_t kSteady = CLOCK_BOOTTIME;
#endif

}  // namespace

uint64_t SystemClock::wallMicros() { return anchor_ + micros(kSteady); }
uint64_t SystemClock::steadyMillis() { return micros(kSteady) / 1000; }
void SystemClock::settle() { anchor_ = micros(CLOCK_REALTIME) - micros(kSteady); }

bool Loop::start(Turn& turn) {
  turn_ = &turn;
  int ends[2];
  if (::pipe(ends) != 0) return false;
  wakeRead_.reset(ends[0]);
  wakeWrite_.reset(ends[1]);
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
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
  if (tell) (void)!::write(wakeWrite_.get(), "", 1);
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
  std::vector<pollfd> polled = {{wakeRead_.get(), POLLIN, 0}};
  std::vector<Watched*> order = {nullptr};
  for (Watched* const watched : watched_) {
    if (const short events = watched->events()) {
      polled.push_back({watched->fd(), events, 0});
      order.push_back(watched);
    }
  }
  const uint64_t now = micros(kSteady) / 1000;
  const uint64_t left = until > now ? std::min<uint64_t>(until - now, 3'600'000) : 0;
  if (::poll(polled.data(), static_cast<nfds_t>(polled.size()), static_cast<int>(left)) <= 0) return;
  if (polled[0].revents) {
    char drained[64];
    while (::read(wakeRead_.get(), drained, sizeof drained) > 0) continue;
  }
  for (size_t i = 1; i < polled.size(); i++)
    if (polled[i].revents && watched_.count(order[i])) order[i]->onEvents(polled[i].revents);
}

}  // namespace flowtap::macos
