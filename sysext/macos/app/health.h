// The proof that the proxy works, end to end: connects as any client, says hello, has a frame sent back, and then makes
// a connection of its own, which has to come through. Blocks; portable.
#pragma once
#include "sysext/core/ne_admission.h"
#include "sysext/macos/app/system.h"

namespace flowtap::macos::app {

struct HealthCheck {
  std::string endpoint;
  std::string requirement;
  std::vector<std::string> others;  ///< endpoints of replaced builds, which should be gone
  uint32_t pid = 0;                 ///< of this process, whose flow is looked for
  int patience = 5000;              ///< milliseconds for each step
  /// Begins a TCP connection and leaves it alone: its descriptor, or a negative errno.
  std::function<int(const core::Address& to)> dial;
};
Health check(const HealthCheck& how);

/// HealthCheck::dial for real.
int dialTcp(const core::Address& to);

}  // namespace flowtap::macos::app
