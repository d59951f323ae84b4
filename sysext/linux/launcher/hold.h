// Holds the first packet of each TCP connection until the daemon has looked at who sends it. TPROXY alone accepts at
// once, and a program may have sent, closed and ended before the daemon gets to see its connection.
#pragma once
#include <vector>

#include "sysext/linux/launcher/sockets.h"

namespace flowtap::linux_ {

/// Makes the rules and the sockets that the held packets go to, one for each version of IP. Empty where the kernel
/// cannot hold packets; captures work without. Where the sockets are closed, packets pass unheld.
std::vector<CaptureSocket> holdConnections(const HostNetwork& host);

}  // namespace flowtap::linux_
