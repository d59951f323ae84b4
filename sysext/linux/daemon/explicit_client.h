// A program's connection to the port of an explicit proxy: what it asks for, and the servers that it is given.
#pragma once
#include <string>

#include "native/fd.h"
#include "sysext/linux/daemon/explicit_dial.h"
#include "sysext/linux/explicit/failure.h"
#include "sysext/linux/explicit/http_forward.h"

namespace flowtap::daemon {

/// Where such connections come from.
class ExplicitHost {
 public:
  virtual ~ExplicitHost() = default;
  virtual Resolver& resolver() = 0;
  /// The connection has ended.
  virtual void left(class ExplicitClient& client) = 0;
};

class ExplicitClient final : public EventHandler, private ExplicitPeer {
 public:
  /// `about`: what its flows have in common; the destination and the host's name are still to come. Owns itself; null
  /// where the kernel refuses to watch it.
  static ExplicitClient* start(EventLoop& loop, core::Engine& engine, ExplicitHost& host, core::FlowStart about,
                               Fd socket);
  /// The capture has ended. What has a server goes on until one of its sides ends it; everything else ends now.
  void orphan();

 private:
  enum class State : uint8_t {
    kAsking,    ///< the client says what it wants
    kDialling,  ///< its name is looked up, its server dialled
    kTunnel,    ///< bytes go through as they are
    kRequests,  ///< plain HTTP: requests are rewritten on their way
    kGoodbye,   ///< the last answer is on its way out
  };
  enum class Speech : uint8_t { kUnknown, kSocks5, kSocks4, kHttp };

  ExplicitClient(EventLoop& loop, core::Engine& engine, ExplicitHost& host, core::FlowStart about, Fd socket);

  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;
  void receive();
  void understand();
  void understandSocks();
  void understandHttp();

  void connectTo(const explicit_proxy::Target& target);
  void fail(const explicit_proxy::Failure& failure);

  void answered(ExplicitServer& server) override;
  void failed(ExplicitServer& server, int error) override;
  void over(ExplicitServer& server, bool reset) override;
  long readClient(char* data, size_t size) override;
  long writeClient(const char* data, size_t size) override;
  void serverEnded() override;
  long readRequests(char* data, size_t size);
  bool wantsOther() const;

  char socksVersion() const { return speech_ == Speech::kSocks5 ? 5 : 4; }
  void say(const std::string& text);
  /// False while something of out_ is left.
  bool flush();
  void sayGoodbye(const std::string& text);
  void drain();
  void end(bool reset);
  void limitTime(uint64_t millis);
  void timeIsUp();

  EventLoop& loop_;
  ExplicitHost* host_;  // null: the capture has ended
  const core::FlowStart about_;
  Fd socket_;
  State state_ = State::kAsking;
  Speech speech_ = Speech::kUnknown;
  bool greeted_ = false;       // SOCKS 5
  bool clientEnded_ = false;   // the client has sent its last byte
  bool clientShut_ = false;    // ... and was told of the server's last one
  bool forwards_ = false;      // the request at hand is a plain one, not for a tunnel
  std::string in_, out_;
  explicit_proxy::RequestForwarder requests_;
  explicit_proxy::ResponseTracker responses_;
  ExplicitDial dial_;
  ExplicitServer* server_ = nullptr;
  EventLoop::TimerId deadline_ = 0;
  size_t drained_ = 0;
};

}  // namespace flowtap::daemon
