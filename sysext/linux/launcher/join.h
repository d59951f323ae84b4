// A capture that is made in a child and joined when it is complete.
#pragma once
#include <vector>

#include "sysext/linux/launcher/capture.h"

namespace flowtap::linux_ {

/// As enterCapture(), but on a throw this process is where it was. There is no way back out of a namespace, so a child
/// makes it: it shares this process's descriptors, through which this process then enters. That costs less than a
/// millisecond.
Capture joinCapture(const std::vector<wire::Mode>& modes, Holding holding);

}  // namespace flowtap::linux_
