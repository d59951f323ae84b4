// Descriptors are what a proxy runs out of first. The last ones are kept for its own work: reading /proc to name a
// process, and clients, who want to know what is wrong just then.
#pragma once
#include <sys/resource.h>

namespace flowtap::daemon {

/// True where a new descriptor is one of those. The kernel hands out the lowest free number, so a high one means that
/// nearly all are taken.
inline bool isReserved(int fd) {
  constexpr rlim_t kReserve = 32;
  static const rlim_t limit = [] {
    rlimit now{};
    return ::getrlimit(RLIMIT_NOFILE, &now) == 0 ? now.rlim_cur : RLIM_INFINITY;
  }();
  return limit != RLIM_INFINITY && static_cast<rlim_t>(fd) + kReserve >= limit;
}

}  // namespace flowtap::daemon
