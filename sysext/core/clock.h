// Time, given to the core from outside so that tests can turn it.
#pragma once
#include <cstdint>

namespace flowtap::core {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01T00:00:00Z. Must not step back while flows live.
  virtual uint64_t wallMicros() = 0;
  /// No flow is live: now is the moment to take over a step of the wall clock.
  virtual void settle() {}
  /// Milliseconds since any fixed moment. May be as coarse as one turn of the event loop.
  virtual uint64_t steadyMillis() = 0;
};

}  // namespace flowtap::core
