// A clock to turn, a connection to script and a client that decodes what it is told.
#pragma once
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "native/test/check.h"
#include "sysext/core/datagram_flow.h"
#include "sysext/core/engine.h"
#include "sysext/core/session.h"
#include "sysext/core/stream_flow.h"

namespace flowtap::core::test {

struct FakeClock final : Clock {
  uint64_t wallMicros() override { return wall++; }  // every reading differs, so orders can be compared
  uint64_t steadyMillis() override { return steady; }
  uint64_t wall = 1'700'000'000'000'000;
  uint64_t steady = 1000;
};

inline Identity identity() {
  Identity me;
  me.platform = wire::Platform::kLinux;
  me.mode = Mode::kTproxy;
  me.program = "proxy";
  me.pid = 42;
  return me;
}

/// Of a proxy that takes rules.
inline Identity ruled() {
  Identity me = identity();
  me.capabilities = {kRulesCapability};
  return me;
}

inline CapturePtr captureOf(uint32_t uid, std::string name = "run-1") {
  auto capture = std::make_shared<Capture>();
  capture->uid = uid;
  capture->name = std::move(name);
  return capture;
}

inline FlowStart start(uint32_t uid = 1000, std::string captureName = "run-1") {
  FlowStart about;
  about.capture = captureOf(uid, std::move(captureName));
  about.source.size = about.destination.size = 4;
  about.source.bytes = {198, 18, 0, 2};
  about.destination.bytes = {192, 0, 2, 1};
  about.source.port = 40000;
  about.destination.port = 443;
  return about;
}

/// Both sockets of a stream as strings with windows.
struct FakeStream final : StreamIo {
  struct End {
    std::string input;      ///< what the flow can read now
    bool finished = false;  ///< ... and then the end of the stream
    int readError = 0;      ///< ... or an error
    std::string output;
    size_t window = SIZE_MAX;  ///< bytes that the flow can still write
    int writeError = 0;
    bool shut = false;
    std::string kept;  ///< by writeLast(), until the end or push(); gone with a reset
  };
  End ends[2];
  int finishes = 0;
  int pushes = 0;
  bool reset = false;
  bool wantsTurn = false;
  size_t readAtMost = SIZE_MAX;

  int dials = 0;

  End& at(Side side) { return ends[static_cast<size_t>(side)]; }

  void dial() override { dials++; }
  long read(Side side, char* data, size_t size) override {
    End& end = at(side);
    if (end.input.empty()) {
      if (end.readError) return -end.readError;
      return end.finished ? 0 : kWouldBlock;
    }
    const size_t n = std::min({size, end.input.size(), readAtMost});
    std::memcpy(data, end.input.data(), n);
    end.input.erase(0, n);
    return static_cast<long>(n);
  }
  long write(Side side, const char* data, size_t size) override {
    End& end = at(side);
    if (end.writeError) return -end.writeError;
    const size_t n = std::min(size, end.window);
    if (n == 0) return kWouldBlock;
    CHECK(end.kept.empty());
    end.output.append(data, n);
    end.window -= n;
    return static_cast<long>(n);
  }
  long writeLast(Side side, const char* data, size_t size) override {
    const long n = write(side, data, size);
    End& end = at(side);
    if (n > 0) {
      end.kept = end.output.substr(end.output.size() - static_cast<size_t>(n));
      end.output.resize(end.output.size() - static_cast<size_t>(n));
    }
    return n;
  }
  void push(Side side) override {
    End& end = at(side);
    end.output += end.kept;
    end.kept.clear();
    pushes++;
  }
  void shutdownWrite(Side side) override {
    CHECK(!at(side).shut);
    at(side).shut = true;
    push(side);
    pushes--;
  }
  void finish(bool withReset) override {
    finishes++;
    reset = withReset;
    if (withReset) return;
    for (End& end : ends) end.output += end.kept;
    for (End& end : ends) end.kept.clear();
  }
  void again() override { wantsTurn = true; }
};

/// A client with a session of its own. What it has read is in `frames`.
struct FakeClient final : SessionIo {
  explicit FakeClient(Engine& to, uint32_t uid = 1000) : engine(to), session(to, {uid, 7}, *this) {}

  Engine& engine;
  size_t window = SIZE_MAX;  ///< bytes it still takes
  bool broken = false;
  std::string bytes;
  std::vector<wire::ProxyFrame> frames;
  Attachment attachment;
  std::vector<wire::Attach> attached;
  int stops = 0;
  Session session;

  long write(const char* data, size_t size) override {
    if (broken) return Subscriber::kGone;
    const size_t n = std::min(size, window);
    if (n == 0) return Subscriber::kWouldBlock;
    bytes.append(data, n);
    if (window != SIZE_MAX) window -= n;
    return static_cast<long>(n);
  }
  Attachment attach(const wire::Attach& message) override {
    attached.push_back(message);
    return attachment;
  }
  void stopProxy() override { stops++; }

  static std::string framed(const std::string& message) {
    std::string out;
    for (int i = 0; i < 4; i++) out += static_cast<char>(message.size() >> (8 * i));
    return out + message;
  }
  void sendBytes(const std::string& data) { session.received(data.data(), data.size()); }
  void send(const wire::ClientFrame& frame) { sendBytes(framed(wire::serialise(frame))); }
  void hello(std::vector<uint32_t> versions = {1}) {
    wire::ClientFrame frame;
    frame.hello.emplace().versions = std::move(versions);
    send(frame);
  }
  void subscribe(uint32_t bodyLimit = 16384, const std::string& capture = "", bool everybody = false) {
    wire::ClientFrame frame;
    auto& message = frame.subscribe.emplace();
    message.bodyLimit = bodyLimit;
    message.capture = capture;
    message.allUsers = everybody;
    send(frame);
  }
  /// Takes `size` more bytes and decodes every whole frame.
  void readMore(size_t size) {
    window = size;
    session.writable();
    decode();
  }
  void readAll() { readMore(SIZE_MAX); }
  void decode() {
    size_t at = 0;
    while (bytes.size() - at >= 4) {
      const auto* head = reinterpret_cast<const unsigned char*>(bytes.data()) + at;
      const size_t size = head[0] | head[1] << 8 | head[2] << 16 | static_cast<size_t>(head[3]) << 24;
      CHECK(size > 0 && size <= kMaxFrameBytes);
      if (bytes.size() - at - 4 < size) break;
      CHECK(wire::parse(bytes.data() + at + 4, size, frames.emplace_back()));
      at += 4 + size;
    }
    bytes.erase(0, at);
  }
  /// The members of one kind, in order.
  template <typename M>
  std::vector<M> all(std::optional<M> wire::ProxyFrame::* member) const {
    std::vector<M> found;
    for (const auto& frame : frames)
      if (frame.*member) found.push_back(*(frame.*member));
    return found;
  }
  std::vector<wire::FlowOpened> opened() const { return all(&wire::ProxyFrame::opened); }
  std::vector<wire::FlowClosed> closed() const { return all(&wire::ProxyFrame::closed); }
  std::vector<wire::FlowData> data() const { return all(&wire::ProxyFrame::data); }
  std::string refusal() const {
    const auto found = all(&wire::ProxyFrame::refused);
    return found.empty() ? "" : found[0].text;
  }
};

/// An engine, one subscribed client and streams.
struct World {
  explicit World(Limits bounds = {}) : engine(clock, bounds, identity()) {}
  FakeClock clock;
  Engine engine;

  std::unique_ptr<FakeClient> subscriber(uint32_t uid = 1000, uint32_t bodyLimit = 16384,
                                         const std::string& capture = "", bool everybody = false) {
    auto client = std::make_unique<FakeClient>(engine, uid);
    client->hello();
    client->subscribe(bodyLimit, capture, everybody);
    client->readAll();
    return client;
  }
};

}  // namespace flowtap::core::test
