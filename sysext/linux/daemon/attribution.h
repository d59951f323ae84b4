// Which process a flow belongs to.
#pragma once
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>

#include "sysext/core/flow.h"
#include "sysext/linux/daemon/namespace_processes.h"
#include "sysext/linux/daemon/process_info.h"
#include "sysext/linux/daemon/sock_diag.h"

namespace flowtap::linux_ {

/// Of one capture. Not for several threads.
///
/// Ask as soon as a connection is accepted or a conversation's first datagram is read, before anything is answered: the
/// client still waits then, so its socket exists. The way: the kernel names the socket's inode (5 us), and the process is
/// the one that has it among its descriptors. Where the namespace has one process only, that is it.
class Attribution {
 public:
  /// `sockDiagFd`: NETLINK_SOCK_DIAG of the captured namespace; stays the caller's and must outlive this object.
  /// `rootPid`: a process that is in the namespace now.
  Attribution(int sockDiagFd, pid_t rootPid) : sockets_(sockDiagFd), processes_(rootPid) {}

  /// Brings what is known of processes and listeners up to date. Call it after the news of the flows was read, and before
  /// find() and serves() are asked about them: several flows that came at the same time share one look.
  void look();

  /// Of this TCP connection find() will be asked before the next look: what is asked of the kernel for several of them
  /// costs half when it is asked together.
  void expect(const sockaddr_storage& client, const sockaddr_storage& server) { expected_.push_back({client, server}); }

  /// `server` is the original destination. Nothing where the socket has been closed and more than one process could
  /// have had it.
  ProcessInfoPtr find(wire::Protocol protocol, const sockaddr_storage& client, const sockaddr_storage& server);

  /// The process that has the socket with this inode. Looks by itself.
  ProcessInfoPtr findHolder(uint32_t inode);

  std::optional<std::vector<ListeningSocket>> listeners(int family) { return sockets_.listeners(family); }
  /// Changes whenever a process begins, on the whole machine.
  long newestPid() const { return processes_.lastPid(); }

  /// Whether the client of a connection still has its socket.
  bool exists(const sockaddr_storage& client, const sockaddr_storage& server) {
    return sockets_.find(wire::Protocol::kTcp, client, server).has_value();
  }
  /// Whether a TCP socket of the namespace has a connection of which nobody has sent the end.
  bool isOpen(const sockaddr_storage& local, const sockaddr_storage& peer) {
    const auto socket = sockets_.find(wire::Protocol::kTcp, local, peer);
    return socket && socket->isOpen;
  }
  /// Whether a server inside would take a connection.
  bool serves(const sockaddr_storage& client, const sockaddr_storage& server);

  /// Whether any process is left in the namespace. Looks at all of /proc, in steps: nothing where it is to be asked again.
  std::optional<bool> inhabited() { return processes_.inhabited(); }

 private:
  using Member = NamespaceProcesses::Member;
  struct Holder {
    pid_t pid;
    int descriptor;
  };
  /// The outcome of reading lists of descriptors. Where `byElimination`, the socket was not seen: the process is the
  /// only one that was not looked at.
  struct Found {
    pid_t pid = 0;
    int descriptor = -1;
    bool byElimination = false;
  };
  struct Served {
    sockaddr_storage server;
    bool served;
  };
  enum class Look { kHeld, kNotHeld, kUnclear };

  std::optional<SocketIdentity> socketOf(wire::Protocol protocol, const sockaddr_storage& client,
                                         const sockaddr_storage& server);
  Found holderOf(uint32_t inode);
  Found knownHolder(uint32_t inode);
  Found onlyAwake(uint32_t inode);
  void searchAnew();
  Found probe(uint32_t inode);
  Found search(uint32_t inode);
  Found searchThreads(uint32_t inode);
  template <typename F>
  static bool anyThread(const Member& member, int& left, F&& each);
  Look look(Member& member, uint32_t inode);
  Look read(const std::string& folder, Member& member, uint32_t inode);
  ProcessInfoPtr describeOwner(const Found& found, uint32_t inode);
  Found hit(size_t index);
  bool mayRescan();

  SockDiag sockets_;
  NamespaceProcesses processes_;
  ProcessInfos infos_;
  std::unordered_map<uint32_t, Holder> holders_;  // by inode; each use checks that it still holds
  std::vector<Served> served_;                    // since the last look
  std::vector<SockDiag::Client> expected_;        // since the last look; asked about when the first one is wanted
  std::chrono::steady_clock::time_point lastRescan_{};
};

}  // namespace flowtap::linux_
