// A TCP packet that the kernel holds for us (NFQUEUE), and what becomes of it: the first one of a connection, or a reset
// that the kernel answers a packet with for which it found no socket.
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
  uint32_t sequence = 0;      ///< the client's initial sequence number; the same when the packet is sent again
  bool isLocal = false;       ///< to an address of the namespace itself, where a server inside comes first
  bool isReset = false;       ///< it goes to `server` all the same: `client` is who sends it
};

/// Nothing where the datagram from the kernel is no held packet.
std::optional<HeldSyn> parseHeldSyn(const void* data, size_t size);

enum class Verdict {
  kPass,
  kPassInside,  ///< goes on, and is steered nowhere: to the server inside
  kDrop,
};
/// Appends the message that says what becomes of one held packet. Several of them can be sent together.
void appendVerdict(std::string& messages, uint16_t queue, uint32_t id, Verdict verdict);

/// The message that lets all packets of a queue up to `id` go on.
std::string releaseUpTo(uint16_t queue, uint32_t id);

}  // namespace flowtap::linux_
