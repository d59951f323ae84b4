// Packet marks and a port inside a captured network, which launcher and daemon must agree on.
#pragma once
#include <cstdint>

namespace flowtap::linux_ {

/// Of packets that the proxy itself sends into the namespace. They are neither held nor steered.
constexpr uint32_t kProxyMark = 0x666c6f77;  // "flow"

/// Of the first packets of connections to the namespace's own addresses, set before they are held: a server inside comes
/// first there, then the host's.
constexpr uint32_t kLocalMark = 0x686f6d65;  // "home"

/// Where the proxy's sockets are bound. Ports below 1024 are closed to the captured programs, so none of them misses it.
constexpr uint16_t kProxyPort = 1;

}  // namespace flowtap::linux_
