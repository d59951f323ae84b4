// Rendezvous: who may connect to a proxy, and which socket they get. The one interface of two implementations:
//   native/unix   a Unix socket; the name is its path        (Linux)
//   native/xpc    a Mach service; the name is the service's  (macOS)
// After the rendezvous both sides hold a connected stream socket that carries the same frames on either platform.
// No XPC, Objective-C or Node-API type appears here, and nothing is known of flows.
#pragma once
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowtap {

/// The process at the other end as the kernel names it, at the time it connected: never what it says of itself.
struct Peer {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  pid_t pid = 0;
  bool trusted = false;  ///< XPC: it is signed as ListenerOptions::trusted asks, at the time it connected
};

/// A change of the tokens that let a user's programs in.
struct TokenChange {
  bool grant = true;  ///< false: revoke
  std::string token;  ///< revoke: "" for all of this user
};

enum class ConnectError {
  kNone,
  kNoService,    ///< nobody serves that name
  kRefused,      ///< one side does not trust the other: uid, mode, owner, symlink, signature, token
  kInterrupted,  ///< the service went away, or did not answer in time
  kProtocol,     ///< the service answered something else than this rendezvous
};

/// What a listener needs beside its name. The Unix implementation takes peers of its own uid only and reads none of it.
struct ListenerOptions {
  /// XPC: code-signing requirement that every peer must meet; "" for none.
  std::string requirement;
  /// XPC: code-signing requirement of peers that need no token; "" trusts none without one.
  std::string trusted;
  /// XPC: the tokens that let this peer in at this moment (those granted to its uid); called on the listener's queue.
  /// The peer proves that it knows one; no token crosses. Tokens shorter than kShortestToken bytes let nobody in.
  std::function<std::vector<std::string>(const Peer&)> tokens;
  static constexpr size_t kShortestToken = 16;
  static constexpr size_t kLongestToken = 256;
  /// XPC: a trusted peer changes the tokens of its own uid; called on the listener's queue. Returns why it cannot be
  /// done, "" where it is.
  std::function<std::string(const Peer&, const TokenChange&)> onTokenChange = nullptr;
};

/// Serves a name until it is destroyed. Any number of clients connect, also many at once, also one process many times.
class Listener {
 public:
  /// A peer that passed every check. The callee owns fd: a connected stream socket, close-on-exec, non-blocking.
  using OnConnection = std::function<void(int fd, const Peer&)>;
  /// A peer that was turned away. The reason is for a log: a sentence without a full stop.
  using OnRefused = std::function<void(const Peer&, const std::string& reason)>;

  enum class StartError {
    kNone,
    kBusy,    ///< another living process serves this name
    kUnsafe,  ///< directory of another owner or mode, a symlink, ...: somebody else could interfere
    kSystem,  ///< a system call failed
  };
  struct Started {
    std::unique_ptr<Listener> listener;  ///< null where error is not kNone
    StartError error = StartError::kNone;
    std::string text;  ///< what is wrong, where, and what to do
  };

  /// XPC: never fails at once; where the system does not give the name to this process, onRefused says so with an
  /// unknown peer (pid 0).
  /// Unix: creates the directory of `name` (mode 0700) where it is absent, holds the file `lock` in it as long as the
  /// listener lives, and replaces a stale socket. The lock goes with the open file: it survives fork(), and is freed
  /// when the last process that inherited it ends.
  static Started start(const std::string& name, ListenerOptions options, OnConnection onConnection,
                       OnRefused onRefused);

  /// Whether a peer that is not trusted has to prove that it knows a token (XPC).
  static bool asksForTokens();

  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// No callback runs after it returns. Not to be called from a callback.
  virtual ~Listener() = default;

  /// Unix: the descriptor to watch for input in the owner's event loop, level or edge triggered; there is no thread.
  /// XPC: -1, the callbacks run on the listener's own serial queue.
  virtual int pollFd() const = 0;
  /// Unix: accepts every waiting peer and calls back from inside, on the caller's thread. Never blocks. XPC: does nothing.
  virtual void onReadable() = 0;
};

/// One attempt to connect.
class Client {
 public:
  /// Called exactly once unless the client is destroyed first, on a thread of the client's own (where none can be made:
  /// inside connect()). text says what is wrong, where, and what to do; "" on success. The callee owns fd, which is -1
  /// on an error: a connected stream socket, close-on-exec, non-blocking.
  using OnFd = std::function<void(ConnectError error, const std::string& text, int fd)>;

  /// requirement: XPC: code-signing requirement that the service must meet ("" for none). token: XPC: proven to
  /// the service, which never sees it. Unix: both unused; a service of another uid is refused.
  static std::unique_ptr<Client> connect(const std::string& name, const std::string& requirement,
                                         const std::string& token, OnFd onFd);

  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Cancels. Waits for a callback that is running; none runs afterwards. Not to be called from the callback.
  virtual ~Client() = default;
};

}  // namespace flowtap
