// Asks the kernel for sockets of the captured network (sock_diag(7), inet_diag): which one is at the other end of a flow,
// by an exact look-up whose cost does not grow with the number of sockets, and which ones listen.
#pragma once
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gen/flow_pb.hpp"

namespace flowtap::linux_ {

struct SocketIdentity {
  uint32_t inode = 0;  ///< 0: no process holds the socket any more
  uint32_t uid = 0;
  bool isOpen = false;  ///< a TCP connection that both sides may still send on
};

/// A socket that takes TCP connections.
struct ListeningSocket {
  sockaddr_storage address{};
  uint32_t inode = 0;
  bool ipv6Only = false;
};

class SockDiag {
 public:
  /// `fd` is a NETLINK_SOCK_DIAG socket of the captured network namespace; it stays the caller's.
  explicit SockDiag(int fd) : fd_(fd) {}

  /// The client's socket of a flow; nothing where there is none (any more).
  std::optional<SocketIdentity> find(wire::Protocol protocol, const sockaddr_storage& client,
                                     const sockaddr_storage& server);

  struct Client {
    sockaddr_storage address{}, server{};
    bool answered = false;
    std::optional<SocketIdentity> socket{};
  };
  /// The same of the clients of many TCP connections: their questions go out together, and the answers are read together.
  void findAll(std::vector<Client>& clients);

  /// Whether a socket listens that would take a TCP connection from `client` to `server`.
  bool hasListener(const sockaddr_storage& client, const sockaddr_storage& server);

  /// Every listening TCP socket of a family. Nothing where the kernel did not answer in full.
  std::optional<std::vector<ListeningSocket>> listeners(int family);

 private:
  bool send(const void* request, size_t size);

  const int fd_;
  uint32_t sequence_ = 0;
};

/// What a datagram from the kernel says to the request with this number. kOther: it belongs to another request.
enum class DiagAnswer { kFound, kNone, kOther };
DiagAnswer parseDiagAnswer(const void* data, size_t size, uint32_t sequence, uint16_t clientPort,
                           SocketIdentity& identity);

/// The same to the look-up of a listener.
DiagAnswer parseListenerAnswer(const void* data, size_t size, uint32_t sequence, uint16_t serverPort);

/// One datagram of a list of listeners; appends what it holds. kFound: more follow. kNone: that was the last one.
/// kOther: it belongs to another request. Nothing: the kernel could not tell.
std::optional<DiagAnswer> parseListeners(const void* data, size_t size, uint32_t sequence,
                                         std::vector<ListeningSocket>& listeners);

}  // namespace flowtap::linux_
