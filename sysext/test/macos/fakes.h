// The system's flows, by hand: what completes, when and with what is the test's to say.
#pragma once
#include <deque>
#include <mutex>

#include "sysext/core/ne_datagrams.h"
#include "sysext/core/ne_stream.h"
#include "sysext/test/core/fakes.h"

namespace flowtap::macos::test {

using core::NeError;

/// Completions may come on any thread; those of a running proxy do.
template <typename Port, typename Unit>
struct FakePort : Port {
  void open(core::NePort::Done done) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    opens++;
    opening = std::move(done);
  }
  void closeRead(NeError error) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    readCloses.push_back(error);
  }
  void closeWrite(NeError error) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    writeCloses.push_back(error);
  }
  void read(typename Port::Got got) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    if (reading || opens == 0 || opening) misuse = "a read before open, or beside another";
    reading = std::move(got);
    reads++;
  }
  bool isReading() {
    const std::lock_guard<std::mutex> lock(mutex);
    return reading != nullptr;
  }

  // ---- the test's side ----
  void finishOpen(NeError error = NeError::kNone) { taken(opening)(error); }
  void give(Unit unit, NeError error = NeError::kNone) { taken(reading)(error, std::move(unit)); }
  void finishWrite(NeError error = NeError::kNone) { taken(writing)(error); }
  template <typename F>
  F taken(F& from) {
    const std::lock_guard<std::mutex> lock(mutex);
    CHECK(from != nullptr);
    return std::exchange(from, nullptr);
  }
  template <typename V>
  V look(const V& value) {
    const std::lock_guard<std::mutex> lock(mutex);
    return value;
  }

  /// Whatever is asked of the port. Set before it is used.
  std::function<void()> onCall = [] {};
  std::mutex mutex;
  int opens = 0;
  int reads = 0;
  core::NePort::Done opening, writing;
  typename Port::Got reading;
  std::vector<NeError> readCloses, writeCloses;
  std::string misuse;
};

struct FakeStreamPort final : FakePort<core::NeStreamPort, std::string> {
  void write(std::string bytes, Done done) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    if (writing || opens == 0 || opening || !writeCloses.empty()) misuse = "a write before open, beside another, or after the end";
    written += bytes;
    writing = std::move(done);
  }
  std::string written;
};

struct FakeDatagramPort final : FakePort<core::NeDatagramPort, std::vector<core::NeDatagram>> {
  void write(std::vector<core::NeDatagram> datagrams, Done done) override {
    onCall();
    const std::lock_guard<std::mutex> lock(mutex);
    if (writing || opens == 0 || opening) misuse = "a write before open, or beside another";
    for (auto& each : datagrams) written.push_back(std::move(each));
    writing = std::move(done);
  }
  std::vector<core::NeDatagram> written;
};

/// The engine's thread is the test's own: work waits until it is run.
struct FakeTurns final : core::NeTurns {
  void post(std::function<void()> work) override { waiting.push_back(std::move(work)); }
  void run() {
    while (!waiting.empty()) {
      const auto work = std::move(waiting.front());
      waiting.pop_front();
      work();
    }
  }
  std::deque<std::function<void()>> waiting;
};

struct FakeServer final : core::NeServerSocket {
  struct State {
    int dialResult = EINPROGRESS;
    int dials = 0;
    std::string input, output;
    bool ended = false;
    int readError = 0, writeError = 0;
    size_t window = SIZE_MAX;
    bool shut = false;
    int closes = 0;
    bool reset = false;
    bool waitsInput = false, waitsOutput = false;
  };
  explicit FakeServer(State& to) : state(to) {}
  State& state;

  int dial(const core::Address&) override {
    state.dials++;
    return state.dialResult;
  }
  long read(char* data, size_t size) override {
    if (state.input.empty()) {
      if (state.readError) return -state.readError;
      return state.ended ? 0 : core::StreamIo::kWouldBlock;
    }
    const size_t n = std::min(size, state.input.size());
    std::memcpy(data, state.input.data(), n);
    state.input.erase(0, n);
    return static_cast<long>(n);
  }
  long write(const char* data, size_t size) override {
    if (state.writeError) return -state.writeError;
    const size_t n = std::min(size, state.window);
    if (n == 0) return core::StreamIo::kWouldBlock;
    state.window -= n;
    state.output.append(data, n);
    return static_cast<long>(n);
  }
  void shutdownWrite() override { state.shut = true; }
  void close(bool withReset) override {
    state.closes++;
    state.reset = withReset;
  }
  void wait(bool input, bool output) override {
    state.waitsInput = input;
    state.waitsOutput = output;
  }
};

}  // namespace flowtap::macos::test
