// What goes between a client of an explicit proxy and the server that it was given.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "sysext/linux/daemon/explicit_client.h"
#include "sysext/linux/daemon/stream_socket.h"

namespace flowtap::daemon {
namespace {

using explicit_proxy::RequestForwarder;

constexpr size_t kReadBytes = 64u << 10;
/// Between two requests people pause.
constexpr uint64_t kPauseMillis = 120'000;

}  // namespace

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
  return readStream(socket_, data, size);
}

/// The next request is not for the server at hand.
bool ExplicitClient::wantsOther() const {
  return requests_.next().isConnect || !(requests_.next().target == dial_.target()) || responses_.closes();
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
        const long n = readStream(socket_, piece, sizeof piece);
        if (n < 0) return n;
        clientEnded_ = n == 0;
        requests_.feed({piece, static_cast<size_t>(n)});
        break;
      }
    }
  }
}

long ExplicitClient::writeClient(const char* data, size_t size) {
  if (!flush()) return core::StreamIo::kWouldBlock;
  const long n = writeStream(socket_, data, size);
  if (n < 0) return n;
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

}  // namespace flowtap::daemon
