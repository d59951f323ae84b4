// One client's connection: hello, then commands, then whatever the client subscribed to. Knows no sockets.
#pragma once
#include "sysext/core/frame_reader.h"
#include "sysext/core/subscriber.h"

namespace flowtap::core {

class Engine;

/// The peer as the platform's rendezvous names it.
struct SessionPeer {
  uint32_t uid = 0;
  uint32_t pid = 0;
};

/// What a session needs of its platform.
class SessionIo : public Subscriber::Writer {
 public:
  /// Takes over the sockets that came with the frame.
  struct Attachment {
    wire::RefusedCode code = wire::RefusedCode::kUnspecified;  ///< kUnspecified: attached
    std::string text;                                          ///< why not
  };
  virtual Attachment attach(const wire::Attach& attach) = 0;
  /// The user wants the proxy to end.
  virtual void stopProxy() = 0;
  /// The client is sent away, for a log; the peer is the session's.
  virtual void refused(wire::RefusedCode code, const std::string& text) { (void)code, (void)text; }
};

class Session {
 public:
  Session(Engine& engine, SessionPeer peer, SessionIo& io);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Bytes of the client's stream, cut anywhere.
  void received(const char* data, size_t size);
  void writable();
  void flush();
  /// The proxy's state has changed. Comes when there is room, and then as it is at that time.
  void tellStatus();
  /// Says goodbye; the connection is to be closed once everything is written (over()).
  void refuse(wire::RefusedCode code, std::string text);

  /// Nothing more will be read or written: the shell closes the connection.
  bool over() const { return subscriber_.gone() || (ending_ && subscriber_.drained()); }
  bool ending() const { return ending_; }
  bool welcomed() const { return welcomed_; }
  /// A launcher: the limit of clients does not count it.
  bool attached() const { return attached_; }
  /// When it has to be welcomed, or to have read its refusal (steady milliseconds); nothing while neither is due.
  std::optional<uint64_t> deadline() const;
  /// The deadline has passed.
  void expire();
  const std::string& client() const { return client_; }
  const SessionPeer& peer() const { return peer_; }
  Subscriber& subscriber() { return subscriber_; }
  const Subscriber& subscriber() const { return subscriber_; }

 private:
  /// Clients of one user that have not said hello: a further one ends the oldest.
  static constexpr int kMostHalfOpen = 64;
  void limitHalfOpen();
  void handle(const wire::ClientFrame& frame);
  void hello(const wire::Hello& hello);
  void subscribe(const wire::Subscribe& subscribe);
  void attach(const wire::Attach& attach);
  void probe(const wire::Probe& probe);
  void answerRules(const wire::SetRules* replacement);

  Engine& engine_;
  const SessionPeer peer_;
  SessionIo& io_;
  Subscriber subscriber_;
  FrameReader reader_;
  std::string client_;
  uint64_t since_;  // of the connection's begin, then of its refusal
  bool welcomed_ = false;
  bool attached_ = false;
  bool statusOwed_ = false;
  bool ending_ = false;
};

}  // namespace flowtap::core
