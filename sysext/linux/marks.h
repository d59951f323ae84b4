// Packet marks inside a captured network, which launcher and daemon must agree on.
#pragma once
#include <cstdint>

namespace flowtap::linux_ {

/// Of packets that the proxy itself sends into the namespace. They are neither held nor steered.
constexpr uint32_t kProxyMark = 0x666c6f77;  // "flow"

/// Of the first packets of connections to the namespace's own addresses, set before they are held: a server inside comes
/// first there, then the host's.
constexpr uint32_t kLocalMark = 0x686f6d65;  // "home"

}  // namespace flowtap::linux_
