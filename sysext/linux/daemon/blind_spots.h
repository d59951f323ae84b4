// What each way of capturing cannot see, or changes for the program: plain sentences. The editor has them in other
// languages (src/editor/proxy/blindSpots.ts), by these very words.
#pragma once
#include <string>
#include <vector>

#include "sysext/core/flow.h"

namespace flowtap::daemon {

/// `ordinaryUser`: not root, so that programs run in a user namespace.
std::vector<std::string> blindSpotsOf(core::Mode mode, bool ordinaryUser);

}  // namespace flowtap::daemon
