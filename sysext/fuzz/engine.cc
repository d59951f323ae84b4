// Streams and conversations with peers of every temper, watched by subscribers that read when they like. What a
// subscriber got and what it was told was left out must add up to what was sent.
#include <algorithm>

#include "sysext/fuzz/fuzz.h"
#include "sysext/test/core/fakes.h"

using namespace flowtap;
using namespace flowtap::core;
using namespace flowtap::core::test;

namespace {

struct Stream {
  Stream(Engine& engine, uint32_t uid) : flow(engine, start(uid), io) {}
  FakeStream io;
  StreamFlow flow;
};

/// Payload of the user's flows that a subscriber with this limit was to be told.
struct Sent {
  explicit Sent(uint32_t bodyLimit) : limit(bodyLimit) {}
  const uint64_t limit;
  uint64_t bytes = 0;
  void add(const Flow& flow) {
    if (flow.uid() == 1000)
      for (const uint64_t each : flow.bytes) bytes += std::min(each, limit);
  }
};

class Watcher {
 public:
  Watcher(Engine& engine, uint32_t bodyLimit) : client_(engine), sent(bodyLimit) {
    client_.hello();
    client_.subscribe(bodyLimit);
    client_.window = 0;
  }
  void read(size_t size) {
    client_.readMore(size);
    for (const auto& frame : client_.frames) {
      if (frame.data) {
        got_ += frame.data->bytes.size();
        uint64_t& next = next_[{frame.data->id, static_cast<int>(frame.data->direction)}];
        fuzz::require(frame.data->offset >= next, "payload comes in order and once");
        next = frame.data->offset + frame.data->bytes.size();
        fuzz::require(next <= sent.limit, "payload ends at the limit");
      }
      if (frame.dropped) got_ += frame.dropped->bytes;
      if (frame.closed) fuzz::require(closed_.insert(frame.closed->id).second, "a flow closes once");
    }
    client_.frames.clear();
  }
  void check() {
    fuzz::require(got_ == sent.bytes, "delivered and dropped payload add up to what was sent");
  }

 private:
  FakeClient client_;
  uint64_t got_ = 0;
  std::map<std::pair<uint64_t, int>, uint64_t> next_;
  std::set<uint64_t> closed_;

 public:
  Sent sent;
};

void act(FuzzedDataProvider& input, FakeClock& clock, Engine& engine, Stream& stream) {
  const Side side = input.ConsumeBool() ? Side::kClient : Side::kServer;
  FakeStream::End& end = stream.io.at(side);
  switch (input.ConsumeIntegralInRange(0, 10)) {
    case 0: stream.flow.connected(); break;
    case 1: stream.flow.connectFailed(input.ConsumeIntegralInRange(1, 133)); break;
    case 2: stream.flow.clientGone(input.ConsumeIntegralInRange(0, 133)); break;
    case 3: end.input.append(input.ConsumeIntegralInRange<size_t>(1, 200000), 'x'); break;
    case 4: end.finished = true; break;
    case 5: end.readError = input.ConsumeIntegralInRange(1, 133); break;
    case 6: end.writeError = input.ConsumeIntegralInRange(1, 133); break;
    case 7: end.window = input.ConsumeIntegralInRange<size_t>(0, 300000); break;
    case 8: stream.flow.stop(CloseReason::kIdle, 0); break;
    case 9: clock.steady += input.ConsumeIntegralInRange<uint64_t>(0, 70000); break;
    default: engine.setNotice(input.ConsumeRandomLengthString(8)); break;
  }
  // An end that has failed or is at its end tells so again and again; a closed flow is not told anything by a shell.
  if (!stream.flow.live() || !stream.flow.isConnected()) return;
  stream.flow.readable(side, end.finished || end.readError != 0);
  if (stream.flow.live()) stream.flow.writable(side);
  for (int turns = 0; stream.io.wantsTurn && turns < 4 && stream.flow.live(); turns++) {
    stream.io.wantsTurn = false;
    stream.flow.resume();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  Limits limits;
  limits.flows = 3;
  limits.queueBytes = 16 << 10;
  limits.bodyShare = 12 << 10;
  limits.bodyBudget = input.ConsumeIntegralInRange<size_t>(0, 20 << 10);
  limits.bodyLimit = input.ConsumeIntegralInRange<uint32_t>(0, 40 << 10);
  limits.relayBlock = 64 << 10;
  limits.relayBudget = input.ConsumeIntegralInRange<size_t>(0, 256 << 10);
  World world(limits);
  {
    Watcher keen(world.engine, limits.bodyLimit), lazy(world.engine, std::min(limits.bodyLimit, 1000u));
    std::vector<std::unique_ptr<Stream>> streams;
    for (int step = 0; input.remaining_bytes() > 0 && step < 2000; step++) {
      if (streams.size() < 5 && input.ConsumeIntegralInRange(0, 7) == 0) {
        streams.push_back(std::make_unique<Stream>(world.engine, input.ConsumeBool() ? 1000 : 1001));
        streams.back()->flow.begin();
      }
      if (!streams.empty()) {
        const size_t which = input.ConsumeIntegralInRange<size_t>(0, streams.size() - 1);
        Stream& stream = *streams[which];
        if (stream.flow.live()) {
          act(input, world.clock, world.engine, stream);
        } else {
          keen.sent.add(stream.flow);
          lazy.sent.add(stream.flow);
          fuzz::require(stream.io.finishes == 1, "the sockets of a closed flow are closed once");
          streams.erase(streams.begin() + static_cast<ptrdiff_t>(which));
        }
      }
      if (const auto next = world.engine.nextTick(); next && *next <= world.clock.steady) world.engine.tick();
      world.engine.answer();
      if (input.ConsumeBool()) world.engine.flush();
      if (input.ConsumeIntegralInRange(0, 7) == 0) keen.read(input.ConsumeIntegralInRange<size_t>(0, 100 << 10));
      if (input.ConsumeIntegralInRange(0, 31) == 0) lazy.read(input.ConsumeIntegralInRange<size_t>(0, 2000));
      fuzz::require(world.engine.outgoing().bodyBytes <= limits.bodyBudget, "waiting payload keeps to its budget");
    }
    world.engine.stop();
    for (const auto& each : streams) {
      keen.sent.add(each->flow);
      lazy.sent.add(each->flow);
      fuzz::require(!each->flow.live(), "a stopped engine has no live flow");
    }
    keen.read(SIZE_MAX);
    lazy.read(SIZE_MAX);
    keen.check();
    lazy.check();
    fuzz::require(world.engine.outgoing().bodyBytes == 0, "nothing that was read still counts as waiting");
    fuzz::require(world.engine.buffers().held() == 0, "closed flows hold no payload");
  }
  fuzz::require(flowtap::test::failures() == 0, "the fakes' own checks hold");
  return 0;
}
