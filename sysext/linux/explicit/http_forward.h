// Plain requests through an HTTP proxy (RFC 9112, section 3.2.2): `GET http://host/path` becomes `GET /path` for the
// server of that host. One server at a time; the responses are followed so that the next server gets its turn when the
// last answer is complete.
#pragma once
#include <deque>

#include "sysext/linux/explicit/http_body.h"
#include "sysext/linux/explicit/target.h"

namespace flowtap::explicit_proxy {

/// Why a request is answered by the proxy itself.
struct HttpRefusal {
  int status = 0;  ///< 0: none
  std::string text;
};

/// A request in the proxy's form as the server gets it.
struct ForwardHead {
  HttpRefusal refusal;
  Target target;
  std::string text;  ///< the head in origin form
  BodyLength body;
  bool isHead = false;
  bool isConnect = false;  ///< nothing to pass on: the client wants a tunnel to `target`
};
ForwardHead rewriteRequest(const RequestHead& head);

/// The client's side: its bytes in, the server's bytes out.
class RequestForwarder {
 public:
  enum class State : uint8_t {
    kMore,     ///< give more input
    kBytes,    ///< take() has something, or finds by taking nothing that the chunks are damaged (kRefused)
    kRequest,  ///< the head of the next request is complete: begin() or leave it
    kRefused,  ///< the input is no request; refusal() says why
  };

  void feed(std::string_view bytes) { input_.append(bytes); }
  State state();
  /// The next request, in the state kRequest.
  const ForwardHead& next() const { return next_; }
  /// Passes the next request on; not CONNECT.
  void begin();
  /// From the state kBytes.
  size_t take(char* data, size_t size);
  const HttpRefusal& refusal() const { return next_.refusal; }
  /// Between two requests: the last one was passed on whole.
  bool between() const { return output_.empty() && body_.state() == HttpBody::State::kDone; }
  /// Bytes that are kept; state() reads no more than one head of them.
  size_t held() const { return input_.size() + output_.size(); }
  /// Gives back what was not looked at, for whatever comes after: a tunnel, an upgraded connection.
  std::string release() { return std::move(output_) + std::exchange(input_, {}); }

 private:
  std::string input_, output_;
  size_t searched_ = 0;
  bool parsed_ = false;  // next_ is what input_ began with
  ForwardHead next_;
  HttpBody body_;
};

/// The server's side: follows the responses without changing them.
class ResponseTracker {
 public:
  /// A request was passed on.
  void expect(bool toHead) { expected_.push_back(toHead); }
  void feed(std::string_view bytes);

  /// Every request has its whole answer.
  bool complete() const { return expected_.empty() && !inMessage_; }
  /// The connection belongs to no request any more: 101, or bytes that make no sense. Pass everything on as it is.
  bool raw() const { return raw_; }
  /// The client has to see the end of the connection: by it the answer ends, or the server announced it.
  bool closes() const { return closes_ || raw_; }

 private:
  bool head();

  std::deque<bool> expected_;  // for each: whether it is a HEAD request
  std::string buffer_;         // a head that is not complete
  size_t searched_ = 0;
  HttpBody body_;
  bool inMessage_ = false, inBody_ = false;
  bool raw_ = false, closes_ = false;
};

}  // namespace flowtap::explicit_proxy
