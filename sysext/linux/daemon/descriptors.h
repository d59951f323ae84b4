// Descriptors are what a proxy runs out of first. The last ones are kept for its own work: reading /proc to name a
// process, and clients, who want to know what is wrong just then.
#pragma once
#include <poll.h>
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

/// Whether a socket holds what nobody has read or accepted yet.
inline bool hasUnread(int socket) {
  pollfd asked{socket, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLIN) && !(asked.revents & POLLHUP);
}

}  // namespace flowtap::daemon
