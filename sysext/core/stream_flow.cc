#include "sysext/core/stream_flow.h"

#include <algorithm>
#include <cerrno>

#include "sysext/core/close_reasons.h"

namespace flowtap::core {
namespace {
/// Reads per event, so that one busy flow does not starve the others.
constexpr int kReadsPerTurn = 16;
}  // namespace

StreamFlow::~StreamFlow() {
  // A shell that lets go of a live flow: nobody may find it any more.
  if (live()) engine_.close(*this, CloseReason::kProxyError, 0);
  for (Lane& each : lanes_) engine_.buffers().release(each.held);
}

bool StreamFlow::begin() {
  if (const char* why = engine_.open(*this)) {
    engine_.turnAway(*this, why);
    io_.finish(true);
    return false;
  }
  if (!rule) return proceed();
  const uint64_t now = engine_.clock().steadyMillis();
  const RuleEffect& effect = rule->effect;
  if (effect.resetAfter != RuleEffect::kNever || effect.rate[0] || effect.rate[1])
    shape_.reset(new Shape{{TokenBucket(effect.rate[0], now), TokenBucket(effect.rate[1], now)}});
  if (effect.delayMillis == 0) return proceed();
  engine_.wakeAt(*this, now + effect.delayMillis);
  return true;
}

bool StreamFlow::proceed() {
  dialled_ = true;
  if (rule && rule->effect.block)
    close(CloseReason::kRule, ECONNREFUSED, true);
  else
    io_.dial();
  return live();
}

void StreamFlow::due() {
  if (!dialled_)
    proceed();
  else
    pumpBoth();
}

void StreamFlow::connected(bool clientToldBefore, bool serverToldBefore) {
  connected_ = true;
  connectedAt = engine_.clock().wallMicros();
  engine_.changed(*this);
  if (clientToldBefore && !pump(Side::kClient)) return;
  if (serverToldBefore) pump(Side::kServer);
}

void StreamFlow::connectFailed(int error) { close(connectFailure(error), error, true); }

void StreamFlow::clientGone(int error) { close(CloseReason::kClientGone, error, true); }

void StreamFlow::readable(Side side, bool toTheEnd) {
  if (toTheEnd) lane(side).toTheEnd = true;
  pump(side);
}

void StreamFlow::writable(Side side) {
  if (lane(other(side)).held.memory) pump(other(side));
}

void StreamFlow::resume() { pumpBoth(); }

void StreamFlow::pumpBoth() {
  if (pump(Side::kClient)) pump(Side::kServer);
}

// ---- what a rule asks ----

uint64_t StreamFlow::allowance(Side source) {
  if (!shape_) return UINT64_MAX;
  const Direction direction = from(source);
  const uint64_t now = engine_.clock().steadyMillis();
  TokenBucket& rate = shape_->rate[index(direction)];
  const uint64_t tokens = rate.available(now);
  // What is not read stays with the kernel, which slows the sender down.
  if (tokens == 0) engine_.wakeAt(*this, now + rate.waitMillis());
  return rule->effect.counts(direction) ? std::min(tokens, rule->effect.remaining(bytes)) : tokens;
}

bool StreamFlow::endSpent() {
  if (lanes_[0].held.memory || lanes_[1].held.memory) return true;
  close(CloseReason::kRule, ECONNRESET, true);
  return false;
}

bool StreamFlow::pump(Side source) {
  if (!live()) return false;
  if (!connected_) return true;
  Lane& in = lane(source);
  if (in.held.memory && !writeHeld(source)) return live();
  if (spent()) return endSpent();
  if (in.ended) return endLane(source);
  RelayBuffers& buffers = engine_.buffers();
  bool keptBack = false;  // by writeLast()
  for (int i = 0; i < kReadsPerTurn; i++) {
    const uint64_t allowed = allowance(source);
    if (allowed == 0) return true;
    char* data = buffers.scratch();
    const size_t size = static_cast<size_t>(std::min<uint64_t>(buffers.readBytes(), allowed));
    const long n = io_.read(source, data, size);
    if (keptBack && n != 0) io_.push(other(source));
    keptBack = false;
    if (n == StreamIo::kWouldBlock) return true;
    if (n < 0) {
      fail(source, static_cast<int>(-n));
      return false;
    }
    if (n == 0) {
      in.ended = true;
      ended[index(from(source))] = true;
      engine_.changed(*this);
      return endLane(source);
    }
    engine_.data(*this, from(source), {data, static_cast<size_t>(n)}, 0);
    if (shape_) shape_->rate[index(from(source))].take(static_cast<uint64_t>(n));
    // The peer has shut down and this is the rest: what is read next is the end, so it is read in any case.
    const bool last = in.toTheEnd && static_cast<size_t>(n) < size && !shape_ && i + 1 < kReadsPerTurn;
    long taken = last ? io_.writeLast(other(source), data, static_cast<size_t>(n))
                      : io_.write(other(source), data, static_cast<size_t>(n));
    if (taken == StreamIo::kWouldBlock) taken = 0;
    if (taken < 0) {
      rescue(other(source));
      if (live()) fail(other(source), static_cast<int>(-taken));
      return false;
    }
    if (taken < n) {
      if (last) io_.push(other(source));
      in.held = buffers.keep(data + taken, static_cast<size_t>(n - taken));
      return true;
    }
    keptBack = last;
    if (spent()) return endSpent();
    // A short read has emptied the socket, so an edge will tell of more; except where the peer is at its end.
    if (static_cast<size_t>(n) < size && !in.toTheEnd) return true;
  }
  io_.again();
  return true;
}

/// True when nothing waits any more. The flow may be closed afterwards.
bool StreamFlow::writeHeld(Side source) {
  Held& held = lane(source).held;
  const long taken = io_.write(other(source), held.memory + held.at, held.size);
  if (taken == StreamIo::kWouldBlock) return false;
  if (taken < 0) {
    rescue(other(source));
    if (live()) fail(other(source), static_cast<int>(-taken));
    return false;
  }
  held.at += static_cast<uint32_t>(taken);
  held.size -= static_cast<uint32_t>(taken);
  if (held.size > 0) return false;
  engine_.buffers().release(held);
  return true;
}

/// The source has ended and everything it sent was passed on.
bool StreamFlow::endLane(Side source) {
  Lane& in = lane(source);
  if (in.shut) return true;
  in.shut = true;
  if (lane(other(source)).shut) {
    close(CloseReason::kEof, 0, false);
    return false;
  }
  io_.shutdownWrite(other(source));
  return true;
}

/// `failed` takes no more bytes. What it sent before still belongs to the other side, as it would without a proxy: an
/// HTTP server that refuses an upload answers and closes while the client is still sending.
void StreamFlow::rescue(Side failed) {
  Lane& in = lane(failed);
  if (in.held.memory || in.ended) return;
  RelayBuffers& buffers = engine_.buffers();
  for (int i = 0; i < kReadsPerTurn; i++) {
    const uint64_t allowed = shape_ ? rule->effect.remaining(bytes) : UINT64_MAX;
    if (allowed == 0) return;
    char* data = buffers.scratch();
    const long n = io_.read(failed, data, static_cast<size_t>(std::min<uint64_t>(buffers.readBytes(), allowed)));
    if (n <= 0) return;
    engine_.data(*this, from(failed), {data, static_cast<size_t>(n)}, 0);
    if (io_.write(other(failed), data, static_cast<size_t>(n)) < n) return;
  }
}

void StreamFlow::fail(Side side, int error) {
  close(side == Side::kClient ? clientFailure(error) : serverFailure(error), error, true);
}

void StreamFlow::stop(CloseReason reason, int error) { close(reason, error, true); }

void StreamFlow::close(CloseReason reason, int error, bool reset) {
  if (!live()) return;
  engine_.close(*this, reason, error, closeText(reason, error));
  for (Lane& each : lanes_) engine_.buffers().release(each.held);
  io_.finish(reset);
}

}  // namespace flowtap::core
