// IP packets that a captured program gets from addresses which are not this machine's: replies of UDP servers, and the
// news that a server cannot be reached. They go out through a raw socket of the program's network namespace.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sysext/core/flow.h"

namespace flowtap::daemon {

/// Room that the headers need in front of a payload.
constexpr size_t kPacketHeadroom = 40 + 8;

/// Sends `payload` from `source` to `destination`. The kPacketHeadroom bytes before it are overwritten.
/// 0 or an errno.
int sendUdp(int raw, const core::Address& source, const core::Address& destination, char* payload, size_t size);

/// Tells `client` that its datagrams to `server` meet a closed port (ICMP, RFC 792; ICMPv6, RFC 4443), so that the
/// program's next call fails with ECONNREFUSED. 0 or an errno.
int sendPortUnreachable(int raw, const core::Address& server, const core::Address& client);

/// Passes on what a router said of the program's datagrams: "destination unreachable" with this code.
int sendDatagramUnreachable(int raw, const core::Address& server, const core::Address& client, uint8_t code);

/// The program that waits in connect() is refused: the reset that a closed port answers a SYN with (RFC 9293, section
/// 3.10.7.1). `sequence` is the SYN's. 0 or an errno.
int sendRefusal(int raw, const core::Address& server, const core::Address& client, uint32_t sequence);

/// connect() fails with `error`, or with the nearest one that ICMP can tell. 0 or an errno.
int sendUnreachable(int raw, const core::Address& server, const core::Address& client, uint32_t sequence, int error);

/// The Internet checksum (RFC 1071) of some bytes, to be continued with `sum`; folded, not complemented.
uint32_t checksum(const void* data, size_t size, uint32_t sum);

}  // namespace flowtap::daemon
