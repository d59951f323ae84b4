// A client of an endpoint over a real socket, and what it was told, checked against itself as it comes.
#pragma once
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "gen/flow_pb.hpp"
#include "native/test/check.h"
#include "native/unix/socket_connect.h"

namespace flowtap::kit::test {

using flowtap::test::patience;

struct Seen {
  wire::FlowOpened opened;
  bool isOpen = true;
  int closes = 0;
  wire::FlowClosed closed;
  wire::FlowCounters counters;
  /// Payload by direction, with the gaps of what was left out.
  std::array<std::map<uint64_t, std::string>, 2> pieces;
  std::vector<wire::FlowData> data;
  std::string payload(int way) const {
    std::string all;
    for (const auto& [offset, bytes] : pieces[static_cast<size_t>(way)]) all += bytes;
    return all;
  }
};

class Reader {
 public:
  explicit Reader(const std::string& path) : Reader(unixsocket::connectSocket(path).fd) {}
  explicit Reader(Fd socket) : socket_(std::move(socket)) {
    wire::ClientFrame frame;
    frame.hello.emplace().versions = {1};
    send(frame);
  }
  Reader(const std::string& path, uint32_t bodyLimit) : Reader(path) { subscribe(bodyLimit); }

  bool connected() const { return static_cast<bool>(socket_); }
  void subscribe(uint32_t bodyLimit, bool everybody = false) {
    wire::ClientFrame frame;
    frame.subscribe.emplace().bodyLimit = bodyLimit;
    frame.subscribe->allUsers = everybody;
    send(frame);
  }
  void send(const wire::ClientFrame& frame) {
    const std::string message = wire::serialise(frame);
    std::string bytes;
    for (int i = 0; i < 4; i++) bytes += static_cast<char>(message.size() >> (8 * i));
    sendBytes(bytes + message);
  }
  void sendBytes(const std::string& bytes) { (void)!::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  /// Reads until the condition holds. False where patience, or the connection, is at its end before.
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience());
    while (!condition()) {
      if (ended || std::chrono::steady_clock::now() > end) return false;
      read(20);
    }
    return true;
  }
  bool toTheEnd() {
    return until([this] { return ended; });
  }
  bool live() {
    return until([this] { return snapshots > 0; });
  }
  bool closed(uint64_t count) {
    return until([this, count] { return closes >= count; });
  }

  /// Waits at most so many milliseconds for input, and takes what is there.
  void read(int millis) {
    pollfd poller{socket_.get(), POLLIN, 0};
    if (::poll(&poller, 1, millis) != 1) return;
    char data[65536];
    const ssize_t size = ::recv(socket_.get(), data, sizeof data, MSG_DONTWAIT);
    if (size <= 0) {
      ended = size == 0 || errno != EAGAIN;
      return;
    }
    bytes_.append(data, static_cast<size_t>(size));
    decode();
  }

  std::map<uint64_t, Seen> flows;
  wire::Welcome welcome;
  std::string refusal;
  wire::RefusedCode refusalCode = wire::RefusedCode::kUnspecified;
  std::vector<wire::ProxyStatus> statuses;
  uint64_t droppedFrames = 0, droppedBytes = 0, closes = 0;
  int snapshots = 0, resyncs = 0;
  bool ended = false;

 private:
  void decode() {
    size_t at = 0;
    while (bytes_.size() - at >= 4) {
      const auto* head = reinterpret_cast<const unsigned char*>(bytes_.data()) + at;
      const size_t size = head[0] | head[1] << 8 | head[2] << 16 | static_cast<size_t>(head[3]) << 24;
      if (bytes_.size() - at - 4 < size) break;
      wire::ProxyFrame frame;
      CHECK(wire::parse(bytes_.data() + at + 4, size, frame));
      handle(frame);
      at += 4 + size;
    }
    bytes_.erase(0, at);
  }

  void handle(const wire::ProxyFrame& frame) {
    if (frame.welcome) welcome = *frame.welcome;
    if (frame.refused) {
      refusal = frame.refused->text;
      refusalCode = frame.refused->code;
    }
    if (frame.snapshotBegin && frame.snapshotBegin->resync) {
      resyncs++;
      // What is not in the snapshot has ended untold.
      for (auto& [id, flow] : flows) flow.isOpen = false;
    }
    if (frame.snapshotEnd) snapshots++;
    if (frame.status) statuses.push_back(*frame.status);
    if (frame.opened) {
      Seen& flow = flows[frame.opened->id];
      flow.opened = *frame.opened;
      flow.isOpen = true;
    }
    if (frame.data) {
      CHECK(flows.count(frame.data->id));
      Seen& flow = flows[frame.data->id];
      CHECK(flow.isOpen);
      auto& pieces = flow.pieces[frame.data->direction == wire::Direction::kDown];
      CHECK(pieces.empty() || pieces.rbegin()->first + pieces.rbegin()->second.size() <= frame.data->offset);
      pieces[frame.data->offset] = frame.data->bytes;
      flow.data.push_back(*frame.data);
    }
    if (frame.counters && flows.count(frame.counters->id)) flows[frame.counters->id].counters = *frame.counters;
    if (frame.closed) {
      CHECK(flows.count(frame.closed->id));
      Seen& flow = flows[frame.closed->id];
      CHECK_EQ(flow.closes++, 0);
      flow.isOpen = false;
      flow.closed = *frame.closed;
      closes++;
    }
    if (frame.dropped) {
      droppedFrames += frame.dropped->frames;
      droppedBytes += frame.dropped->bytes;
    }
  }

  Fd socket_;
  std::string bytes_;
};

}  // namespace flowtap::kit::test
