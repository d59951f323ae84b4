// The network inside the new namespace: one loopback device that takes every packet.
#pragma once
#include <vector>

#include "gen/flow_pb.hpp"
#include "sysext/linux/launcher/host_network.h"

namespace flowtap::linux_ {

/// Brings the loopback up, gives it the host's addresses, and routes the world to it: in TPROXY mode as local addresses
/// ("AnyIP": the namespace owns every address), in REDIRECT mode as ordinary routes. Throws CaptureImpossible.
void setUpInnerNetwork(const HostNetwork& host, const std::vector<NetworkSetting>& settings);
void routeEverything(const HostNetwork& host, wire::Mode mode);

}  // namespace flowtap::linux_
