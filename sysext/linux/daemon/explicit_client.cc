#include "sysext/linux/daemon/explicit_client.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "sysext/linux/daemon/stream_socket.h"
#include "sysext/linux/explicit/http_reply.h"
#include "sysext/linux/explicit/socks.h"

namespace flowtap::daemon {
namespace {

using explicit_proxy::Failure;
using explicit_proxy::RequestForwarder;
using explicit_proxy::SocksParsed;

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr size_t kReadBytes = 64u << 10;
/// A client that takes longer over its first request means no good (slowloris).
constexpr uint64_t kAskMillis = 20'000;
/// An answer and the end of the connection must not be overtaken by a reset, so what still comes is read and dropped.
constexpr uint64_t kGoodbyeMillis = 2'000;
constexpr size_t kGoodbyeBytes = 1u << 20;

}  // namespace

ExplicitClient* ExplicitClient::start(EventLoop& loop, core::Engine& engine, ExplicitHost& host, core::FlowStart about,
                                      Fd socket) {
  auto* client = new ExplicitClient(loop, engine, host, std::move(about), std::move(socket));
  if (loop.watch(client->socket_.get(), kEvents, *client)) {
    client->limitTime(kAskMillis);
    return client;
  }
  delete client;
  return nullptr;
}

ExplicitClient::ExplicitClient(EventLoop& loop, core::Engine& engine, ExplicitHost& host, core::FlowStart about,
                               Fd socket)
    : loop_(loop),
      host_(&host),
      about_(std::move(about)),
      socket_(std::move(socket)),
      dial_(loop, engine, about_, *this, [this](const Failure& failure) { fail(failure); }) {}

void ExplicitClient::orphan() {
  if (state_ != State::kTunnel && state_ != State::kRequests) end(state_ != State::kGoodbye);
  host_ = nullptr;
}

void ExplicitClient::onEvents(uint32_t events, unsigned) {
  if (events & EPOLLOUT) flush();
  if (!socket_) return;
  switch (state_) {
    case State::kAsking:
      if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) receive();
      return;
    case State::kDialling:
      // Whoever wants a tunnel waits for the answer. A plain request can be all that its sender has to say.
      if ((events & (EPOLLHUP | EPOLLERR)) || (!forwards_ && (events & EPOLLRDHUP))) end(false);
      return;
    case State::kGoodbye: return drain();
    case State::kTunnel:
    case State::kRequests:
      if (server_ && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) server_->clientReadable();
      if (server_ && (events & EPOLLOUT)) server_->clientWritable();
      return;
  }
}

/// The next request of the same client.
void ExplicitClient::onAgain() {
  if (state_ == State::kAsking) receive();
}

void ExplicitClient::receive() {
  static char data[kReadBytes];  // used within one call only
  for (;;) {
    understand();
    if (!socket_ || state_ != State::kAsking) return;
    const ssize_t n = ::recv(socket_.get(), data, sizeof data, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return end(n < 0);
    if (speech_ == Speech::kHttp) requests_.feed({data, static_cast<size_t>(n)});
    else in_.append(data, static_cast<size_t>(n));
  }
}

void ExplicitClient::understand() {
  if (speech_ == Speech::kUnknown) {
    if (in_.empty()) return;
    const char first = in_[0];
    if (first == explicit_proxy::kSocks5) speech_ = Speech::kSocks5;
    else if (first == explicit_proxy::kSocks4) speech_ = Speech::kSocks4;
    else if ((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z') || first == '\r' || first == '\n')
      speech_ = Speech::kHttp;
    else return end(true);  // TLS, for example: this proxy is spoken to in the clear
    if (speech_ == Speech::kHttp) requests_.feed(std::exchange(in_, {}));
  }
  if (speech_ == Speech::kHttp) understandHttp();
  else understandSocks();
}

void ExplicitClient::understandSocks() {
  using Kind = SocksParsed::Kind;
  if (speech_ == Speech::kSocks5 && !greeted_) {
    const SocksParsed greeting = explicit_proxy::parseSocks5Greeting(in_);
    if (greeting.kind == Kind::kMore) return;
    if (greeting.kind == Kind::kRefused) return sayGoodbye(greeting.reply);
    in_.erase(0, greeting.consumed);
    greeted_ = true;
    say(greeting.reply);
    if (!socket_) return;
  }
  const SocksParsed request = speech_ == Speech::kSocks5 ? explicit_proxy::parseSocks5Request(in_)
                                                         : explicit_proxy::parseSocks4Request(in_);
  if (request.kind == Kind::kMore) return;
  if (request.kind == Kind::kRefused) return sayGoodbye(request.reply);
  in_.erase(0, request.consumed);
  connectTo(request.target);
}

void ExplicitClient::understandHttp() {
  switch (requests_.state()) {
    case RequestForwarder::State::kMore: return;
    case RequestForwarder::State::kRefused: return sayGoodbye(httpReply(requests_.refusal()));
    case RequestForwarder::State::kBytes:  // of a request whose server has gone in the middle of it
      return end(true);
    case RequestForwarder::State::kRequest: break;
  }
  forwards_ = !requests_.next().isConnect;
  connectTo(requests_.next().target);
}

// ---- to the server ----

void ExplicitClient::connectTo(const explicit_proxy::Target& target) {
  state_ = State::kDialling;
  limitTime(0);
  dial_.begin(host_->resolver(), target);
}

void ExplicitClient::failed(ExplicitServer& server, int error) { dial_.failed(server, error); }

void ExplicitClient::fail(const Failure& failure) {
  const bool toHead = forwards_ && requests_.next().isHead;
  if (speech_ == Speech::kHttp) return sayGoodbye(httpReply(failure, toHead));
  sayGoodbye(socksFailed(socksVersion(), failure));
}

void ExplicitClient::answered(ExplicitServer& server) {
  server_ = &server;
  state_ = forwards_ ? State::kRequests : State::kTunnel;
  dial_.answered(server);
  if (forwards_) {
    responses_ = {};
    responses_.expect(requests_.next().isHead);
    requests_.begin();
    return;
  }
  if (speech_ == Speech::kHttp) {
    in_ = requests_.release();
    say(explicit_proxy::kTunnelReply);
  } else {
    say(explicit_proxy::socksAccepted(socksVersion(), server.local()));
  }
}

// ---- words of the proxy itself ----

void ExplicitClient::say(const std::string& text) {
  out_ += text;
  flush();
}

bool ExplicitClient::flush() {
  while (!out_.empty()) {
    const ssize_t n = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;  // a broken connection shows itself when it is read
    out_.erase(0, static_cast<size_t>(n));
  }
  if (state_ == State::kGoodbye && !clientShut_) {
    clientShut_ = true;
    ::shutdown(socket_.get(), SHUT_WR);
  }
  return true;
}

void ExplicitClient::sayGoodbye(const std::string& text) {
  state_ = State::kGoodbye;
  dial_.giveUp();
  limitTime(kGoodbyeMillis);
  say(text);
  drain();
}

void ExplicitClient::drain() {
  static char data[kReadBytes];  // used within one call only
  while (drained_ < kGoodbyeBytes) {
    const ssize_t n = ::recv(socket_.get(), data, sizeof data, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n == 0 && !out_.empty()) return;  // it reads on, so it gets the rest
    if (n <= 0) return end(false);
    drained_ += static_cast<size_t>(n);
  }
  end(false);
}

void ExplicitClient::end(bool reset) {
  if (!socket_) return;
  limitTime(0);
  closeStream(socket_, reset);
  state_ = State::kGoodbye;  // what servers still say is of no interest
  dial_.giveUp();
  if (host_) host_->left(*this);
  loop_.retire(*this);
}

void ExplicitClient::limitTime(uint64_t millis) {
  if (deadline_) loop_.cancel(std::exchange(deadline_, 0));
  if (millis == 0) return;
  deadline_ = loop_.after(millis, [this] {
    deadline_ = 0;
    timeIsUp();
  });
}

void ExplicitClient::timeIsUp() {
  if (state_ == State::kAsking && speech_ == Speech::kHttp && requests_.held() > 0)
    return sayGoodbye(explicit_proxy::httpReply(explicit_proxy::HttpRefusal{408, "The request did not come in time."}));
  end(false);
}

}  // namespace flowtap::daemon
