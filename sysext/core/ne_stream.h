// One TCP flow of macOS: the program's side is a NeStreamPort, which completes what it was asked, the server's side a
// socket, which says when it is ready. StreamFlow relays between the two and keeps half-closes and backpressure; this
// gives it the program's side as it wants it, and keeps the order that the system demands:
//   - the server is dialled first, then the flow is opened: the program sees the honest error, or a connection
//   - nothing is read or written before open() has completed, and one read and one write are under way at most
//   - what was written is taken before the flow is closed in order; with an error it is closed at once
//   - whatever completes after that is ignored
#pragma once
#include "sysext/core/ne_admission.h"
#include "sysext/core/ne_port.h"
#include "sysext/core/stream_flow.h"

namespace flowtap::core {

/// The proxy's connection to the server.
class NeServerSocket {
 public:
  virtual ~NeServerSocket() = default;
  /// 0 where it is connected at once, EINPROGRESS where serverConnected() follows, or why not.
  virtual int dial(const Address& to) = 0;
  /// As StreamIo's.
  virtual long read(char* data, size_t size) = 0;
  virtual long write(const char* data, size_t size) = 0;
  virtual void shutdownWrite() = 0;
  virtual void close(bool reset) = 0;
  /// What to wait for from now on. Level-triggered; with neither, its errors are not told either.
  virtual void wait(bool input, bool output) = 0;
};

class NeStream final : private StreamIo, public std::enable_shared_from_this<NeStream> {
 public:
  struct Parts {
    std::shared_ptr<NeStreamPort> port;
    std::unique_ptr<NeServerSocket> server;
    NeAdmission::Place place;
    bool synthetic = false;
  };
  /// `over` is called once, in a turn of its own: nothing holds the flow any more but its owner and completions that
  /// may never come.
  using Over = std::function<void(NeStream&)>;

  NeStream(Engine& engine, NeTurns& turns, FlowStart start, Parts parts, Over over);
  void begin();

  // ---- the server's socket ----
  void serverConnected(int error);
  void serverReady(bool input, bool output);

  /// Ends it from the proxy's side.
  void stop(CloseReason reason) { flow_.stop(reason, 0); }
  /// Has ended, and the program did not take its last bytes in this time: the flow is let go.
  void giveUp();
  /// Since when it waits for that (steady milliseconds); nothing while it does not.
  std::optional<uint64_t> drainingSince() const;
  const StreamFlow& flow() const { return flow_; }
  NeServerSocket& server() { return *server_; }

 private:
  enum class Phase { kNew, kDialling, kOpening, kRelaying, kDraining, kOver };

  void dial() override;
  long read(Side side, char* data, size_t size) override;
  long write(Side side, const char* data, size_t size) override;
  void shutdownWrite(Side side) override;
  void finish(bool reset) override;
  void again() override;

  void onOpened(NeError error);
  void ask();
  void onGot(NeError error, std::string bytes);
  void onWritten(NeError error);
  /// The server sends no more, and the program has all of it.
  void endClient();
  void closeClient(NeError error);
  void waitForServer();
  NeStreamPort::Done then(void (NeStream::*next)(NeError));

  Engine& engine_;
  NeTurns& turns_;
  std::shared_ptr<NeStreamPort> port_;  // null once closed
  std::unique_ptr<NeServerSocket> server_;
  NeAdmission::Place place_;
  const bool synthetic_;
  const Over over_;
  Phase phase_ = Phase::kNew;

  std::string received_;  // from the program, up to taken_ relayed already
  size_t taken_ = 0;
  bool reading_ = false;     // a read is under way
  bool clientEnded_ = false;
  int clientError_ = 0;      // errno; told when received_ is relayed
  bool writing_ = false;
  bool shutClient_ = false;  // the server has ended; the program is told after the last write
  bool toldEnd_ = false;     // ... and has been
  bool serverEnded_ = false;
  bool serverBlocked_ = false;  // what the program sent waits for the server
  bool clientBlocked_ = false;  // what the server sent waits for the program
  bool serverParked_ = false;   // a rule lets nothing through now; read() follows when it does
  int failure_ = 0;          // errno that the program sees where the flow does not end in order
  uint64_t drainingSince_ = 0;
  StreamFlow flow_;
};

}  // namespace flowtap::core
