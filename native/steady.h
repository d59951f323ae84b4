// Time that goes on while the machine sleeps and never steps.
#pragma once
#include <time.h>

#include <cstdint>

namespace flowtap {

#ifdef __APPLE__
constexpr clockid_t kSteadyClock = CLOCK_MONOTONIC;  // counts sleep there
#else
constexpr clockid_t kSteadyClock = CLOCK_BOOTTIME;
#endif

inline uint64_t clockMicros(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
}

inline uint64_t steadyMicros() { return clockMicros(kSteadyClock); }

}  // namespace flowtap
