// Wall time that does not step while flows live: the wall clock is read once, and again only when told that no flow would
// notice; in between the steady clock goes on from there.
#pragma once
#include <time.h>

#include "sysext/core/clock.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class SystemClock final : public core::Clock {
 public:
  explicit SystemClock(const EventLoop& loop) : loop_(loop) { settle(); }

  uint64_t wallMicros() override { return anchor_ + read(CLOCK_BOOTTIME); }
  uint64_t steadyMillis() override { return loop_.now(); }
  void settle() override { anchor_ = read(CLOCK_REALTIME) - read(CLOCK_BOOTTIME); }

 private:
  static uint64_t read(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
  }

  const EventLoop& loop_;
  uint64_t anchor_ = 0;
};

}  // namespace flowtap::daemon
