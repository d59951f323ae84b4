// Puts this process into a captured network.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sysext/linux/launcher/problem.h"
#include "sysext/linux/launcher/sockets.h"

namespace flowtap::linux_ {

struct Capture {
  wire::Mode mode = wire::Mode::kUnspecified;
  std::vector<CaptureSocket> sockets;
  bool holds = false;       ///< new connections wait until the daemon has seen who makes them
  bool privileged = false;  ///< capabilities of a new user namespace are still held
  std::optional<Problem> fallback;  ///< why no better mode could be had
};

/// Whether connect() waits until the server has answered: where the kernel can, or never.
enum class Holding { kWherePossible, kNever };

/// Enters new namespaces and makes their network, trying the modes in order. There is no way back: on a throw
/// (CaptureImpossible, of the first mode) the process should end, or go on without a network.
Capture enterCapture(const std::vector<wire::Mode>& modes, Holding holding);

}  // namespace flowtap::linux_
