// The machine's clock is set back or ahead while flows live.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "native/test/check.h"
#include "sysext/linux/daemon/event_loop.h"
#include "sysext/linux/daemon/system_clock.h"

namespace {
std::atomic<time_t> step{0};  // seconds that the clock was set
}

/// In place of the C library's: of this program only the wall clock is set.
extern "C" int clock_gettime(clockid_t clock, timespec* t) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, t);
  if (result == 0 && clock == CLOCK_REALTIME) t->tv_sec += step;
  return static_cast<int>(result);
}

namespace {

using namespace flowtap;
using namespace flowtap::daemon;

constexpr uint64_t kHour = 3'600'000'000;

struct Step {
  explicit Step(time_t seconds) { step = seconds; }
  ~Step() { step = 0; }
};

TEST("wall time goes on from where it was when the clock is set, until no flow would notice") {
  for (const int sign : {-1, 1}) {
    EventLoop loop;
    SystemClock clock(loop);
    const uint64_t before = clock.wallMicros();
    const Step set(sign * 3600);
    const uint64_t after = clock.wallMicros();
    CHECK(after >= before && after - before < kHour / 2);
    clock.settle();
    const auto moved = static_cast<int64_t>(clock.wallMicros() - before);
    CHECK(sign * moved > static_cast<int64_t>(kHour / 2));
  }
}

TEST("timers run in time when the clock is set back") {
  EventLoop loop;
  bool ran = false;
  loop.after(5, [&ran] { ran = true; });
  const Step set(-3600);
  for (int turns = 0; !ran && turns < 1000; turns++) loop.turn(UINT64_MAX);
  CHECK(ran);
}

}  // namespace
