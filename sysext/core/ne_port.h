// The flows that macOS hands over (NEAppProxyTCPFlow, NEAppProxyUDPFlow), without its types. The shell's Objective-C++
// and the tests' fakes implement them; NeStream and NeDatagrams use them and know when each call is allowed.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sysext/core/flow.h"

namespace flowtap::core {

/// Codes of NEAppProxyErrorDomain. 0: none.
enum class NeError : int {
  kNone = 0,
  kNotConnected = 1,
  kPeerReset = 2,
  kHostUnreachable = 3,
  kInvalidArgument = 4,
  kAborted = 5,
  kRefused = 6,
  kTimedOut = 7,
  kInternal = 8,
  kDatagramTooLarge = 9,
  kReadAlreadyPending = 10,
};
/// An errno of the proxy's own side as the program should see it.
NeError neErrorOf(int error);
/// What the system reports of the program's side, as errno. Codes that are not in the list count as kInternal.
int errnoOf(NeError error);

/// What both kinds have. Completions come at most once, on any thread, also after the flow was closed, or never.
class NePort {
 public:
  using Done = std::function<void(NeError)>;

  virtual ~NePort() = default;
  /// The program's connect() succeeds with it. Once; nothing may be read or written before it has completed.
  virtual void open(Done done) = 0;
  /// The program's writing, or its reading, is over. kNone: in order.
  virtual void closeRead(NeError error) = 0;
  virtual void closeWrite(NeError error) = 0;
};

class NeStreamPort : public NePort {
 public:
  /// No bytes and no error: the program writes no more.
  using Got = std::function<void(NeError, std::string)>;
  /// One at a time.
  virtual void read(Got got) = 0;
  virtual void write(std::string bytes, Done done) = 0;
};

struct NeDatagram {
  std::string bytes;
  Address peer;  ///< whom the program writes to, or who has answered
};

class NeDatagramPort : public NePort {
 public:
  /// No datagrams and no error: the program's socket is closed.
  using Got = std::function<void(NeError, std::vector<NeDatagram>)>;
  virtual void read(Got got) = 0;
  virtual void write(std::vector<NeDatagram> datagrams, Done done) = 0;
};

/// Runs work on the engine's thread, in the order it was posted. From any thread; keeps the work until it has run.
class NeTurns {
 public:
  virtual ~NeTurns() = default;
  virtual void post(std::function<void()> work) = 0;
};

}  // namespace flowtap::core
