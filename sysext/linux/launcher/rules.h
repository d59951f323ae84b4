// The packet filter rules inside the namespace: which packets go to the proxy's sockets.
#pragma once
#include <optional>

#include "gen/flow_pb.hpp"
#include "sysext/linux/launcher/host_network.h"
#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {

/// Makes the rules for TPROXY or REDIRECT in the current network namespace. The first refusal, if any.
std::optional<NetlinkRefusal> makeRules(const HostNetwork& host, wire::Mode mode);

}  // namespace flowtap::linux_
