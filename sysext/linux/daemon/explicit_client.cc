#include "sysext/linux/daemon/explicit_client.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "sysext/core/close_reasons.h"
#include "sysext/linux/daemon/address.h"
#include "sysext/linux/explicit/http_reply.h"
#include "sysext/linux/explicit/socks.h"

namespace flowtap::daemon {
namespace {

using explicit_proxy::Failure;
using explicit_proxy::RequestForwarder;
using explicit_proxy::SocksParsed;

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr size_t kReadBytes = 64u << 10;
/// A client that takes longer over its first request means no good (slowloris); between two requests people pause.
constexpr uint64_t kAskMillis = 20'000;
constexpr uint64_t kPauseMillis = 120'000;
constexpr uint64_t kLookUpMillis = 30'000;
/// Another address is tried beside one that does not answer (RFC 8305, section 5).
constexpr uint64_t kNextAddressMillis = 250;
/// An answer and the end of the connection must not be overtaken by a reset, so what still comes is read and dropped.
constexpr uint64_t kGoodbyeMillis = 2'000;
constexpr size_t kGoodbyeBytes = 1u << 20;

/// An address that stands for itself.
bool literal(const explicit_proxy::Target& target, sockaddr_storage& address) {
  core::Address parsed = target.address;
  if (parsed.size == 0 && ::inet_pton(AF_INET, target.host.c_str(), parsed.bytes.data()) == 1) parsed.size = 4;
  if (parsed.size == 0 && ::inet_pton(AF_INET6, target.host.c_str(), parsed.bytes.data()) == 1) parsed.size = 16;
  if (parsed.size == 0) return false;
  parsed.port = target.port;
  address = toSockaddr(parsed);
  return true;
}

std::string nameOf(const explicit_proxy::Target& target) {
  if (!target.host.empty()) return target.host + ":" + std::to_string(target.port);
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(target.address.size == 4 ? AF_INET : AF_INET6, target.address.bytes.data(), text, sizeof text);
  return std::string(text) + ":" + std::to_string(target.port);
}

Failure explain(int error, const explicit_proxy::Target& target) {
  using Kind = Failure::Kind;
  if (error == 0) return {Kind::kDenied, nameOf(target) + " was not connected to: Flowtap ended the connection."};
  const std::string why = " (" + std::generic_category().message(error) + ").";
  if (core::isOwnLimit(error)) return {Kind::kLimit, "Flowtap has reached a limit of its own" + why};
  const std::string text = nameOf(target) + " cannot be connected to" + why;
  if (error == ECONNREFUSED) return {Kind::kRefused, text};
  if (error == ETIMEDOUT) return {Kind::kTimedOut, text};
  if (error == ENETUNREACH || error == EADDRNOTAVAIL) return {Kind::kNetworkUnreachable, text};
  if (core::isUnreachable(error)) return {Kind::kHostUnreachable, text};
  if (core::isReset(error)) return {Kind::kReset, text};
  return {Kind::kOther, text};
}

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
    : loop_(loop), engine_(engine), host_(&host), about_(std::move(about)), socket_(std::move(socket)) {}

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
  target_ = target;
  lastError_ = 0;
  sockaddr_storage address{};
  if (literal(target, address)) {
    limitTime(0);  // the kernel's own patience, as for any program
    return dial({address});
  }
  limitTime(kLookUpMillis);
  lookingUp_ = host_->resolver().resolve(target.host, target.port, [this](Resolver::Answer answer) {
    lookingUp_ = 0;
    limitTime(0);
    if (answer.error != 0) return unknownName(answer.error);
    dial(std::move(answer.addresses));
  });
}

void ExplicitClient::dial(std::vector<sockaddr_storage> addresses) {
  std::reverse(addresses.begin(), addresses.end());
  addresses_ = std::move(addresses);
  dialNext();
}

void ExplicitClient::dialNext() {
  if (nextAttempt_) loop_.cancel(std::exchange(nextAttempt_, 0));
  const sockaddr_storage address = addresses_.back();
  addresses_.pop_back();
  core::FlowStart start = about_;
  start.destination = toAddress(address);
  sockaddr_storage unused{};
  if (!literal(target_, unused)) start.host = std::make_shared<const std::string>(target_.host);
  auto* server = new ExplicitServer(loop_, engine_, std::move(start), *this);
  dialling_.push_back(server);
  if (!addresses_.empty())
    nextAttempt_ = loop_.after(kNextAddressMillis, [this] {
      nextAttempt_ = 0;
      dialNext();
    });
  server->begin();
}

void ExplicitClient::unknownName(int error) {
  // Nothing was dialled, but people look for the name.
  struct Unresolved final : core::Flow {
    using Flow::Flow;
    void stop(core::CloseReason, int) override {}
  };
  const bool missing = error == EAI_NONAME || error == EAI_NODATA;
  core::FlowStart start = about_;
  start.destination.port = target_.port;
  start.host = std::make_shared<const std::string>(target_.host);
  Unresolved flow(engine_, std::move(start));
  if (engine_.admits()) {
    engine_.open(flow);
    engine_.close(flow, error == EAI_AGAIN ? core::CloseReason::kTimedOut : core::CloseReason::kNameNotFound, 0);
  } else {
    engine_.countRefused();
  }
  const auto kind = missing ? Failure::Kind::kNameNotFound
                    : error == EAI_AGAIN ? Failure::Kind::kNameTimedOut : Failure::Kind::kOther;
  fail({kind, "The name " + target_.host + " could not be resolved (" + ::gai_strerror(error) + ")."});
}

void ExplicitClient::failed(ExplicitServer& server, int error) {
  dialling_.erase(std::remove(dialling_.begin(), dialling_.end(), &server), dialling_.end());
  if (state_ != State::kDialling) return;  // it was given up
  lastError_ = error;
  if (!addresses_.empty() && error != 0) return dialNext();
  if (dialling_.empty()) fail(explain(lastError_, target_));
}

void ExplicitClient::fail(const Failure& failure) {
  const bool toHead = forwards_ && requests_.next().isHead;
  if (speech_ == Speech::kHttp) return sayGoodbye(httpReply(failure, toHead));
  sayGoodbye(socksFailed(socksVersion(), failure));
}

void ExplicitClient::abandonServers(int error) {
  if (lookingUp_ && host_) host_->resolver().cancel(lookingUp_);
  lookingUp_ = 0;
  if (nextAttempt_) loop_.cancel(std::exchange(nextAttempt_, 0));
  addresses_.clear();
  for (ExplicitServer* server : std::exchange(dialling_, {})) server->abandon(error);
}

void ExplicitClient::answered(ExplicitServer& server) {
  server_ = &server;
  dialling_.erase(std::remove(dialling_.begin(), dialling_.end(), &server), dialling_.end());
  state_ = forwards_ ? State::kRequests : State::kTunnel;
  abandonServers(0);
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

void ExplicitClient::over(ExplicitServer&, bool reset) {
  server_ = nullptr;
  if (!socket_) return;
  const bool goesOn = state_ == State::kRequests && responses_.complete() && !responses_.closes() &&
                      requests_.between() && !clientEnded_ && !clientShut_ && host_;
  if (!goesOn) return end(reset);
  state_ = State::kAsking;
  limitTime(kPauseMillis);
  loop_.again(*this);
}

// ---- between the two ----

long ExplicitClient::readClient(char* data, size_t size) {
  if (state_ == State::kRequests) {
    if (!responses_.raw()) return readRequests(data, size);
    in_ = requests_.release();  // switched to another protocol
    state_ = State::kTunnel;
  }
  if (!in_.empty()) {
    const size_t some = std::min(size, in_.size());
    in_.copy(data, some);
    in_.erase(0, some);
    return static_cast<long>(some);
  }
  const ssize_t n = ::recv(socket_.get(), data, size, 0);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
}

/// The next request is not for the server at hand.
bool ExplicitClient::wantsOther() const {
  return requests_.next().isConnect || !(requests_.next().target == target_) || responses_.closes();
}

long ExplicitClient::readRequests(char* data, size_t size) {
  for (;;) {
    switch (requests_.state()) {
      case RequestForwarder::State::kBytes:
        if (const size_t n = requests_.take(data, size); n > 0) return static_cast<long>(n);
        break;
      case RequestForwarder::State::kRefused:
        // The answers that are still to come go out first; then the refusal.
        if (!requests_.between()) return -ECONNABORTED;
        if (responses_.complete()) server_->leave();
        return core::StreamIo::kWouldBlock;
      case RequestForwarder::State::kRequest:
        if (wantsOther()) {
          if (responses_.complete()) server_->leave();
          return core::StreamIo::kWouldBlock;
        }
        responses_.expect(requests_.next().isHead);
        requests_.begin();
        break;
      case RequestForwarder::State::kMore: {
        if (clientEnded_) return 0;
        static char piece[kReadBytes];  // used within one call only
        const ssize_t n = ::recv(socket_.get(), piece, sizeof piece, 0);
        if (n < 0) return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
        clientEnded_ = n == 0;
        requests_.feed({piece, static_cast<size_t>(n)});
        break;
      }
    }
  }
}

long ExplicitClient::writeClient(const char* data, size_t size) {
  if (!flush()) return core::StreamIo::kWouldBlock;
  const ssize_t n = ::send(socket_.get(), data, size, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? core::StreamIo::kWouldBlock : -errno;
  if (state_ == State::kRequests) {
    responses_.feed({data, static_cast<size_t>(n)});
    // A request for another server may have waited for this.
    if ((responses_.complete() || responses_.raw()) && server_) server_->resumeSoon();
  }
  return n;
}

void ExplicitClient::serverEnded() {
  // Between two requests a server may go; the client's connection to the proxy stays.
  if (state_ == State::kRequests && responses_.complete() && !responses_.closes()) return server_->leave();
  clientShut_ = true;
  ::shutdown(socket_.get(), SHUT_WR);
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
  abandonServers(0);
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
  const linger abort{1, 0};
  if (reset) ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  socket_.reset();
  state_ = State::kGoodbye;  // what servers still say is of no interest
  abandonServers(0);
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
  if (state_ == State::kDialling) return unknownName(EAI_AGAIN);
  if (state_ == State::kAsking && speech_ == Speech::kHttp && requests_.held() > 0)
    return sayGoodbye(explicit_proxy::httpReply(explicit_proxy::HttpRefusal{408, "The request did not come in time."}));
  end(false);
}

}  // namespace flowtap::daemon
