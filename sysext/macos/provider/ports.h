// The flows that the system hands over, as the core wants them.
#pragma once
#import <NetworkExtension/NetworkExtension.h>

#include "sysext/core/ne_port.h"

namespace flowtap::macos {

std::shared_ptr<core::NeStreamPort> streamPort(NEAppProxyTCPFlow *flow);
std::shared_ptr<core::NeDatagramPort> datagramPort(NEAppProxyUDPFlow *flow);

}  // namespace flowtap::macos
