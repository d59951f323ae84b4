// The sockets that the launcher makes inside the namespace and hands to the daemon.
#pragma once
#include <vector>

#include "gen/flow_pb.hpp"
#include "native/fd.h"
#include "sysext/linux/launcher/host_network.h"

namespace flowtap::linux_ {

struct CaptureSocket {
  wire::SocketRole role;
  Fd fd;
};

/// Throws CaptureImpossible. All are non-blocking and close-on-exec.
std::vector<CaptureSocket> makeCaptureSockets(const HostNetwork& host, wire::Mode mode);

}  // namespace flowtap::linux_
