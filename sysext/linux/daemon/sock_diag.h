// Asks the kernel which socket is at the other end of a flow (sock_diag(7), inet_diag). One exact look-up, never a list:
// its cost does not grow with the number of sockets.
#pragma once
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "gen/flow_pb.hpp"

namespace flowtap::linux_ {

struct SocketIdentity {
  uint32_t inode = 0;  ///< 0: no process holds the socket any more
  uint32_t uid = 0;
};

class SockDiag {
 public:
  /// `fd` is a NETLINK_SOCK_DIAG socket of the captured network namespace; it stays the caller's.
  explicit SockDiag(int fd) : fd_(fd) {}

  /// The client's socket of a flow; nothing where there is none (any more).
  std::optional<SocketIdentity> find(wire::Protocol protocol, const sockaddr_storage& client,
                                     const sockaddr_storage& server);

 private:
  const int fd_;
  uint32_t sequence_ = 0;
};

/// What a datagram from the kernel says to the request with this number. kOther: it belongs to another request.
enum class DiagAnswer { kFound, kNone, kOther };
DiagAnswer parseDiagAnswer(const void* data, size_t size, uint32_t sequence, uint16_t clientPort,
                           SocketIdentity& identity);

}  // namespace flowtap::linux_
