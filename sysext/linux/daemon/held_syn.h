// A TCP connection's first packet that the kernel holds for us (NFQUEUE), and what we answer.
#pragma once
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace flowtap::linux_ {

struct HeldSyn {
  uint32_t id = 0;  ///< of the packet, in its queue; counts up
  sockaddr_storage client{};
  sockaddr_storage server{};  ///< both AF_UNSPEC where the packet could not be understood; it still needs a verdict
};

/// Nothing where the datagram from the kernel is no held packet.
std::optional<HeldSyn> parseHeldSyn(const void* data, size_t size);

/// The message that lets all packets of a queue up to `id` go on.
std::string releaseUpTo(uint16_t queue, uint32_t id);

}  // namespace flowtap::linux_
