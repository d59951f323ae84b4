#include "sysext/test/core/fakes.h"

namespace wire = flowtap::wire;

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;

/// A flow without sockets, to make events of.
struct Bare final : Flow {
  Bare(Engine& engine, uint32_t uid = 1000, const std::string& capture = "run-1")
      : Flow(engine, start(uid, capture)) {
    engine.open(*this);
  }
  ~Bare() override { stop(CloseReason::kEof, 0); }
  void stop(CloseReason reason, int error) override { engine_.close(*this, reason, error); }
  void say(const std::string& text, Direction direction = Direction::kUp, uint32_t length = 0) {
    engine_.data(*this, direction, text, length);
  }
};

TEST("a subscriber starts with a snapshot of the live flows and their counts") {
  World world;
  Bare ended(world.engine), one(world.engine), two(world.engine);
  ended.stop(CloseReason::kEof, 0);
  one.say("12345");
  const auto client = world.subscriber();
  CHECK(client->frames.size() == 5);
  CHECK(client->frames[1].snapshotBegin && client->frames[1].snapshotBegin->flows == 2);
  CHECK(!client->frames[1].snapshotBegin->resync);
  CHECK(client->frames[2].opened && client->frames[2].opened->id == one.id);
  CHECK_EQ(client->frames[2].opened->bytesUp, 5u);
  CHECK(client->frames[3].opened && client->frames[3].opened->id == two.id);
  CHECK(client->frames[4].snapshotEnd.has_value());
}

TEST("payload is told up to the smaller of both limits, per direction") {
  Limits limits;
  limits.bodyLimit = 10;
  World world(limits);
  const auto small = world.subscriber(1000, 4);
  const auto greedy = world.subscriber(1000, 1'000'000);
  const auto none = world.subscriber(1000, 0);
  Bare flow(world.engine);
  flow.say("abcdefg");
  flow.say("hijklmn");
  flow.say("ABC", Direction::kDown);
  world.engine.flush();
  const auto text = [](FakeClient& client) {
    client.decode();
    std::string all;
    for (const auto& data : client.data()) all += data.bytes + (data.direction == Direction::kUp ? "^" : "v");
    return all;
  };
  CHECK_EQ(text(*small), "abcd^ABCv");
  CHECK_EQ(text(*greedy), "abcdefg^hij^ABCv");
  CHECK_EQ(text(*none), "");
  CHECK(none->all(&wire::ProxyFrame::dropped).empty());  // it wanted none, so none was dropped
}

TEST("a datagram is one frame, cut at the limit, with its real size") {
  Limits limits;
  limits.bodyLimit = 65507 - 7;
  World world(limits);
  const auto client = world.subscriber(1000, 1 << 20);
  Bare flow(world.engine);
  flow.say(std::string(65507, 'x'), Direction::kUp, 65507);
  world.engine.flush();
  client->decode();
  CHECK_EQ(client->data().size(), 1u);
  CHECK_EQ(client->data()[0].bytes.size(), 65500u);
  CHECK_EQ(client->data()[0].length, 65507u);
}

TEST("a user sees the flows of that user only, and root sees all on request") {
  World world;
  const auto mine = world.subscriber(1000);
  const auto root = world.subscriber(0);
  const auto all = world.subscriber(0, 16384, "", true);
  Bare a(world.engine, 1000), b(world.engine, 1001);
  a.say("secret of 1000");
  b.say("secret of 1001");
  a.stop(CloseReason::kEof, 0);
  b.stop(CloseReason::kEof, 0);
  world.engine.flush();
  for (FakeClient* client : {mine.get(), root.get(), all.get()}) client->decode();
  CHECK_EQ(mine->opened().size(), 1u);
  CHECK_EQ(mine->opened()[0].id, a.id);
  CHECK_EQ(mine->data().size(), 1u);
  CHECK_EQ(mine->data()[0].bytes, "secret of 1000");
  CHECK_EQ(mine->closed().size(), 1u);
  CHECK_EQ(root->opened().size(), 0u);
  CHECK_EQ(all->opened().size(), 2u);
}

TEST("a snapshot holds no flow of another user") {
  World world;
  Bare a(world.engine, 1001), b(world.engine, 1000), c(world.engine, 1001);
  const auto client = world.subscriber(1000);
  CHECK_EQ(client->opened().size(), 1u);
  CHECK_EQ(client->opened()[0].id, b.id);
  CHECK_EQ(client->all(&wire::ProxyFrame::snapshotEnd).size(), 1u);
}

TEST("a capture filter leaves the others out") {
  World world;
  Bare early(world.engine, 1000, "other");
  const auto client = world.subscriber(1000, 16384, "mine");
  Bare mine(world.engine, 1000, "mine"), other(world.engine, 1000, "other");
  world.engine.flush();
  client->decode();
  CHECK_EQ(client->opened().size(), 1u);
  CHECK_EQ(client->opened()[0].capture, "mine");
}

TEST("a second Subscribe replaces the first and brings a new snapshot") {
  World world;
  Bare a(world.engine, 1000, "a"), b(world.engine, 1000, "b");
  const auto client = world.subscriber(1000, 0, "a");
  client->subscribe(0, "b");
  client->readAll();
  CHECK_EQ(client->all(&wire::ProxyFrame::snapshotBegin).size(), 2u);
  CHECK_EQ(client->opened().size(), 2u);
  CHECK_EQ(client->opened()[1].capture, "b");
}

TEST("counters are told once per pause, however much happens") {
  World world;
  const auto client = world.subscriber(1000, 0);
  Bare flow(world.engine);
  for (int i = 0; i < 1000; i++) flow.say("x");
  world.engine.tick();
  world.engine.flush();
  client->decode();
  CHECK(client->all(&wire::ProxyFrame::counters).empty());
  CHECK(world.engine.nextTick() == world.clock.steady + world.engine.limits().counterMillis);
  world.clock.steady += world.engine.limits().counterMillis;
  world.engine.tick();
  world.engine.flush();
  client->decode();
  const auto counters = client->all(&wire::ProxyFrame::counters);
  CHECK_EQ(counters.size(), 1u);
  CHECK_EQ(counters[0].bytesUp, 1000u);
  CHECK(!world.engine.nextTick());
}

TEST("payload goes first when a subscriber is slow, and is counted") {
  Limits limits;
  limits.queueBytes = 256 << 10;
  limits.bodyShare = 192 << 10;
  limits.bodyLimit = 1 << 30;
  World world(limits);
  const auto client = world.subscriber(1000, 1 << 30);
  client->window = 0;
  Bare flow(world.engine);
  for (int i = 0; i < 100; i++) flow.say(std::string(10'000, 'x'));
  std::vector<std::unique_ptr<Bare>> more;
  for (int i = 0; i < 100; i++) more.push_back(std::make_unique<Bare>(world.engine));
  world.engine.flush();
  client->readAll();
  uint64_t got = 0;
  for (const auto& data : client->data()) got += data.bytes.size();
  const auto dropped = client->all(&wire::ProxyFrame::dropped);
  CHECK_EQ(dropped.size(), 1u);
  CHECK(got > 100'000 && dropped[0].bytes > 100'000);
  CHECK_EQ(got + dropped[0].bytes, 1'000'000u);
  CHECK_EQ(client->data().size() + dropped[0].frames, 100u);
  CHECK_EQ(client->opened().size(), 101u);  // no lifecycle was lost
  CHECK_EQ(client->all(&wire::ProxyFrame::snapshotBegin).size(), 1u);
  CHECK_EQ(world.engine.status(1000).status->bodyBytes, 0u);
}

TEST("the budget of waiting payload holds for all subscribers together") {
  Limits limits;
  limits.bodyBudget = 100'000;
  limits.bodyLimit = 1 << 30;
  World world(limits);
  const auto a = world.subscriber(1000, 1 << 30), b = world.subscriber(1000, 1 << 30);
  a->window = b->window = 0;
  Bare flow(world.engine);
  for (int i = 0; i < 100; i++) {
    flow.say(std::string(5'000, 'x'));
    CHECK(world.engine.status(1000).status->bodyBytes <= 100'000);
  }
  world.engine.flush();
  a->readAll();
  b->readAll();
  uint64_t got = 0, dropped = 0;
  for (FakeClient* client : {a.get(), b.get()}) {
    for (const auto& data : client->data()) got += data.bytes.size();
    for (const auto& each : client->all(&wire::ProxyFrame::dropped)) dropped += each.bytes;
  }
  CHECK_EQ(got + dropped, 2 * 500'000u);
  CHECK(got <= 100'000);
  CHECK_EQ(world.engine.status(1000).status->bodyBytes, 0u);
}

TEST("a subscriber that leaves gives its part of the budget back") {
  World world;
  auto client = world.subscriber();
  client->window = 0;
  Bare flow(world.engine);
  flow.say("waiting");
  CHECK_EQ(world.engine.status(1000).status->bodyBytes, 7u);
  client.reset();
  CHECK_EQ(world.engine.status(1000).status->bodyBytes, 0u);
}

TEST("when the lifecycle does not fit either, a fresh snapshot follows") {
  Limits limits;
  limits.queueBytes = 64 << 10;
  limits.bodyShare = 48 << 10;
  World world(limits);
  const auto client = world.subscriber();
  client->window = 0;
  std::vector<std::unique_ptr<Bare>> flows;
  for (int i = 0; i < 5000; i++) flows.push_back(std::make_unique<Bare>(world.engine));
  flows.resize(10);  // all others end unseen
  CHECK(client->session.subscriber().queuedBytes() <= limits.queueBytes);
  client->readAll();
  const auto begins = client->all(&wire::ProxyFrame::snapshotBegin);
  CHECK_EQ(begins.size(), 2u);
  CHECK(begins[1].resync && begins[1].flows == 10);
  const auto dropped = client->all(&wire::ProxyFrame::dropped);
  CHECK_EQ(dropped.size(), 1u);
  // 5000 openings and 4990 endings happened; what was not told was counted.
  CHECK_EQ(client->opened().size() - 10 + client->closed().size() + dropped[0].frames, 9990u);
}

TEST("a large snapshot comes in portions and endings in the middle are told") {
  World world;
  std::vector<std::unique_ptr<Bare>> flows;
  for (int i = 0; i < 20'000; i++) flows.push_back(std::make_unique<Bare>(world.engine));
  FakeClient client(world.engine);
  client.window = 100;
  client.hello();
  client.subscribe(16384);
  world.engine.flush();
  CHECK(client.session.subscriber().queuedBytes() < 400'000);
  const FlowId last = flows.back()->id;
  flows.pop_back();
  flows[15'000]->say("not told: its flow was not told yet");
  Bare late(world.engine);
  client.readAll();
  CHECK_EQ(client.opened().size(), 20'001u);
  CHECK_EQ(client.closed().size(), 1u);
  CHECK_EQ(client.closed()[0].id, last);
  CHECK_EQ(client.all(&wire::ProxyFrame::snapshotEnd).size(), 1u);
  std::set<FlowId> ids;
  for (const auto& opened : client.opened()) CHECK(ids.insert(opened.id).second);
  const auto dropped = client.all(&wire::ProxyFrame::dropped);
  CHECK(dropped.size() == 1 && dropped[0].frames == 1 && dropped[0].bytes == 35);
}

TEST("the flow that a snapshot stands at may end") {
  World world;
  std::vector<std::unique_ptr<Bare>> flows;
  for (int i = 0; i < 20'000; i++) flows.push_back(std::make_unique<Bare>(world.engine));
  FakeClient client(world.engine);
  client.window = 10;
  client.hello();
  client.subscribe();
  world.engine.flush();
  CHECK(client.session.subscriber().queuedBytes() < 300'000);  // a part only
  flows.clear();
  client.readAll();
  CHECK_EQ(client.opened().size(), 20'000u);
  CHECK_EQ(client.closed().size(), 20'000u);
  CHECK_EQ(client.all(&wire::ProxyFrame::snapshotEnd).size(), 1u);
}

/// What a client believes after reading everything.
struct Belief {
  std::map<FlowId, uint64_t> live;  // bytes up
  uint64_t frames = 0, bodyBytes = 0, droppedFrames = 0, droppedBytes = 0;

  explicit Belief(const std::vector<wire::ProxyFrame>& all) {
    bool inSnapshot = false;
    for (const auto& frame : all) {
      if (frame.snapshotBegin) {
        live.clear();
        inSnapshot = true;
      }
      if (frame.snapshotEnd) inSnapshot = false;
      if (frame.opened) {
        CHECK(live.emplace(frame.opened->id, frame.opened->bytesUp).second);
        if (!inSnapshot) frames++;
      }
      if (frame.closed) {
        CHECK_EQ(live.erase(frame.closed->id), 1u);
        frames++;
      }
      if (frame.counters) {
        CHECK(live.count(frame.counters->id) == 1);
        live[frame.counters->id] = frame.counters->bytesUp;
      }
      if (frame.data) {
        CHECK(live.count(frame.data->id) == 1);
        bodyBytes += frame.data->bytes.size();
      }
      if (frame.dropped) {
        droppedFrames += frame.dropped->frames;
        droppedBytes += frame.dropped->bytes;
      }
    }
    CHECK(!inSnapshot);
  }
};

TEST("what a subscriber got plus what it was told was dropped is what happened") {
  for (unsigned seed = 0; seed < 150; seed++) {
    std::mt19937 random(seed);
    const auto upTo = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    Limits limits;
    limits.queueBytes = 64 << 10;
    limits.bodyShare = 48 << 10;
    limits.bodyBudget = upTo(2) ? 30'000 : 1 << 20;
    limits.bodyLimit = 1 << 30;
    World world(limits);
    FakeClient client(world.engine);
    client.hello();
    client.subscribe(1 << 30);
    std::vector<std::unique_ptr<Bare>> flows;
    uint64_t bodyBytes = 0;
    client.window = upTo(1000);
    for (int step = 0; step < 4000; step++) {
      switch (upTo(5)) {
        case 0:
          flows.push_back(std::make_unique<Bare>(world.engine));
          break;
        case 1:
          if (!flows.empty() && flows.size() > upTo(200)) {
            std::swap(flows[upTo(static_cast<unsigned>(flows.size()))], flows.back());
            flows.pop_back();
          }
          break;
        case 2:
          if (!flows.empty()) {
            const std::string text(1 + upTo(3000), 'x');
            flows[upTo(static_cast<unsigned>(flows.size()))]->say(text);
            bodyBytes += text.size();
          }
          break;
        case 3:
          world.clock.steady += upTo(60);
          world.engine.tick();
          world.engine.flush();
          break;
        case 4:
          if (upTo(8) == 0) client.readMore(upTo(upTo(2) ? 100 : 60'000));
      }
      CHECK(client.session.subscriber().queuedBytes() <= limits.queueBytes + 4096);
    }
    client.readAll();
    world.clock.steady += 1000;
    world.engine.tick();
    client.readAll();
    const Belief belief(client.frames);
    CHECK_EQ(belief.bodyBytes + belief.droppedBytes, bodyBytes);
    std::map<FlowId, uint64_t> live;
    for (const auto& flow : flows) live.emplace(flow->id, flow->bytes[0]);
    CHECK(belief.live == live);
  }
}

TEST("a client that is gone stops costing anything") {
  World world;
  const auto client = world.subscriber();
  client->broken = true;
  Bare flow(world.engine);
  flow.say("x");
  world.engine.flush();
  CHECK(client->session.over());
}

}  // namespace
