#include "sysext/core/ne_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace flowtap::core {

NeStream::NeStream(Engine& engine, NeTurns& turns, FlowStart start, Parts parts, Over over)
    : engine_(engine),
      turns_(turns),
      port_(std::move(parts.port)),
      server_(std::move(parts.server)),
      place_(std::move(parts.place)),
      synthetic_(parts.synthetic),
      over_(std::move(over)),
      flow_(engine, std::move(start), *this) {}

/// What a completion does: in a turn of the engine's thread, and only while the flow is there.
NeStreamPort::Done NeStream::then(void (NeStream::*next)(NeError)) {
  return [self = shared_from_this(), next](NeError error) {
    self->turns_.post([self, next, error] { ((*self).*next)(error); });
  };
}

// ---- beginning ----

void NeStream::begin() { flow_.begin(); }

void NeStream::dial() {
  phase_ = Phase::kDialling;
  // No packet of a synthetic flow leaves: it has shown by now what it is for.
  const int result = synthetic_ ? ECONNREFUSED : server_->dial(flow_.about.destination);
  if (result == EINPROGRESS) server_->wait(false, true);
  else serverConnected(result);
}

void NeStream::serverConnected(int error) {
  if (phase_ != Phase::kDialling) return;
  if (error != 0) {
    failure_ = error;
    flow_.connectFailed(error);
    return;
  }
  server_->wait(false, false);
  phase_ = Phase::kOpening;
  port_->open(then(&NeStream::onOpened));
}

void NeStream::onOpened(NeError error) {
  if (phase_ != Phase::kOpening) return;
  if (error != NeError::kNone) {
    failure_ = errnoOf(error);
    flow_.clientGone(failure_);
    return;
  }
  phase_ = Phase::kRelaying;
  ask();
  flow_.connected();
  waitForServer();
}

// ---- the program's side ----

void NeStream::ask() {
  if (reading_ || clientEnded_ || clientError_ != 0 || taken_ < received_.size() || !port_) return;
  reading_ = true;
  port_->read([self = shared_from_this()](NeError error, std::string bytes) {
    self->turns_.post([self, error, bytes = std::move(bytes)]() mutable { self->onGot(error, std::move(bytes)); });
  });
}

void NeStream::onGot(NeError error, std::string bytes) {
  reading_ = false;
  if (phase_ != Phase::kRelaying) return;
  received_ = std::move(bytes);
  taken_ = 0;
  if (error != NeError::kNone) clientError_ = errnoOf(error);
  else if (received_.empty()) clientEnded_ = true;
  flow_.readable(Side::kClient, clientEnded_ || clientError_ != 0);
  waitForServer();
}

void NeStream::onWritten(NeError error) {
  writing_ = false;
  if (phase_ == Phase::kDraining) return closeClient(error);
  if (phase_ != Phase::kRelaying) return;
  if (error != NeError::kNone) {
    clientError_ = failure_ = errnoOf(error);
    clientBlocked_ = false;
    // What the program sent before still belongs to the server; then the flow ends with the error.
    flow_.readable(Side::kClient, true);
    if (flow_.live()) flow_.stop(CloseReason::kResetByClient, clientError_);
    return;
  }
  clientBlocked_ = false;
  if (shutClient_) endClient();
  else flow_.writable(Side::kClient);
  waitForServer();
}

// ---- the server's side ----

void NeStream::serverReady(bool input, bool output) {
  if (phase_ != Phase::kRelaying) return;
  // Level-triggered, so a read goes on until it would block: a short one may have met the end.
  if (output) {
    serverBlocked_ = false;
    flow_.writable(Side::kServer);
  }
  if (input && phase_ == Phase::kRelaying) {
    serverParked_ = true;  // until it is read from
    flow_.readable(Side::kServer, false);
  }
  waitForServer();
}

void NeStream::waitForServer() {
  if (phase_ == Phase::kRelaying) server_->wait(!serverEnded_ && !clientBlocked_ && !serverParked_, serverBlocked_);
}

// ---- StreamIo ----

long NeStream::read(Side side, char* data, size_t size) {
  if (side == Side::kServer) {
    // Outside serverReady() it is the rule's time that has come: whatever the read leaves is waited for again.
    if (std::exchange(serverParked_, false)) turns_.post([self = shared_from_this()] { self->waitForServer(); });
    const long n = server_->read(data, size);
    if (n == 0) serverEnded_ = true;
    if (n < 0 && n != kWouldBlock) failure_ = static_cast<int>(-n);
    return n;
  }
  const size_t n = std::min(size, received_.size() - taken_);
  if (n == 0) {
    if (clientError_ != 0) {
      failure_ = clientError_;
      return -clientError_;
    }
    if (clientEnded_) return 0;
    ask();
    return kWouldBlock;
  }
  std::memcpy(data, received_.data() + taken_, n);
  taken_ += n;
  if (taken_ == received_.size()) {
    received_ = {};
    taken_ = 0;
    ask();  // StreamFlow does not ask again after a short read
  }
  return static_cast<long>(n);
}

long NeStream::write(Side side, const char* data, size_t size) {
  if (side == Side::kServer) {
    const long n = server_->write(data, size);
    serverBlocked_ = n == kWouldBlock || (n >= 0 && static_cast<size_t>(n) < size);
    if (n < 0 && n != kWouldBlock) failure_ = static_cast<int>(-n);
    return n;
  }
  if (writing_) {
    clientBlocked_ = true;
    return kWouldBlock;
  }
  writing_ = true;
  port_->write(std::string(data, size), then(&NeStream::onWritten));
  return static_cast<long>(size);
}

void NeStream::shutdownWrite(Side side) {
  if (side == Side::kServer) return server_->shutdownWrite();
  shutClient_ = true;
  if (!writing_) endClient();
}

void NeStream::endClient() {
  toldEnd_ = true;
  port_->closeWrite(NeError::kNone);
}

void NeStream::again() {
  turns_.post([self = shared_from_this()] {
    if (self->phase_ != Phase::kRelaying) return;
    self->flow_.resume();
    self->waitForServer();
  });
}

// ---- the end ----

void NeStream::finish(bool reset) {
  server_->close(reset);
  if (reset) {
    // Before open() the program has no connection yet, so it can still be refused: for a rule, or a limit.
    if (failure_ != 0) return closeClient(neErrorOf(failure_));
    if (phase_ < Phase::kRelaying) return closeClient(NeError::kRefused);
    const bool ruled = flow_.rule && flow_.rule->effect.remaining(flow_.bytes) == 0;
    return closeClient(ruled ? NeError::kPeerReset : NeError::kAborted);
  }
  if (!writing_) return closeClient(NeError::kNone);
  phase_ = Phase::kDraining;
  drainingSince_ = engine_.clock().steadyMillis();
}

std::optional<uint64_t> NeStream::drainingSince() const {
  return phase_ == Phase::kDraining ? std::optional<uint64_t>(drainingSince_) : std::nullopt;
}

void NeStream::giveUp() {
  if (phase_ == Phase::kDraining) closeClient(NeError::kAborted);
}

void NeStream::closeClient(NeError error) {
  phase_ = Phase::kOver;
  // Its completions hold this flow, and the port holds them.
  const auto port = std::exchange(port_, nullptr);
  port->closeRead(error);
  if (error != NeError::kNone || !toldEnd_) port->closeWrite(error);
  place_ = {};
  turns_.post([self = shared_from_this()] { self->over_(*self); });
}

}  // namespace flowtap::core
