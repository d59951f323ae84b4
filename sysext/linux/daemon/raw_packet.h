// IP packets that a captured program gets from addresses which are not this machine's: replies of UDP servers, and the
// news that nobody listens there. They go out through a raw socket of the program's network namespace.
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

/// The Internet checksum (RFC 1071) of some bytes, to be continued with `sum`; folded, not complemented.
uint32_t checksum(const void* data, size_t size, uint32_t sum);

}  // namespace flowtap::daemon
