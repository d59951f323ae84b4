// The one proxy of this process, whatever number of providers the system makes.
#pragma once
#include "sysext/macos/runtime/proxy.h"

namespace flowtap::macos {

/// main() makes it before the system can make a provider.
Proxy& sharedProxy();

}  // namespace flowtap::macos
