// Clients and peers of every temper, against the core alone: what it owes them, and what they can cost it.
#include <cerrno>

#include "sysext/test/core/fakes.h"

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;
namespace wire = flowtap::wire;

struct Stream {
  explicit Stream(Engine& engine, FlowStart about = start()) : flow(engine, std::move(about), io) { begun = flow.begin(); }
  FakeStream io;
  StreamFlow flow;
  bool begun;
};

struct Conversation final : DatagramFlow {
  Conversation(Engine& engine, uint32_t uid) : DatagramFlow(engine, udp(uid)) { begin(); }
  static FlowStart udp(uint32_t uid) {
    FlowStart about = start(uid);
    about.protocol = Protocol::kUdp;
    return about;
  }
  void say(Direction direction, size_t size) {
    sent[index(direction)]++;
    if (datagram(direction, std::string(size, 'd'))) passed[index(direction)]++;
  }
  void pass(Direction direction, std::string_view) override { passed[index(direction)]++; }
  void released() override {}
  uint64_t sent[2] = {0, 0}, passed[2] = {0, 0};
};

/// A client that reads as it likes, and the sum of what it was told against the sum of what happened.
class Watcher {
 public:
  Watcher(Engine& engine, uint32_t uid, bool everybody, uint32_t limit)
      : client(engine, uid), uid_(uid), everybody_(everybody), limit_(std::min(limit, engine.limits().bodyLimit)) {
    client.window = 0;
    client.hello();
    client.subscribe(limit, "", everybody);
    for (Flow* flow = engine.table().first(); flow; flow = FlowTable::next(*flow)) begins(*flow);
  }
  bool sees(const Flow& flow) const { return everybody_ || flow.uid() == uid_; }
  /// From here on its payload is owed.
  void begins(const Flow& flow) {
    if (sees(flow))
      for (size_t i = 0; i < 2; i++) owed_ -= std::min<uint64_t>(flow.bytes[i], limit_);
  }
  void ends(const Flow& flow) {
    if (sees(flow))
      for (size_t i = 0; i < 2; i++) owed_ += std::min<uint64_t>(flow.bytes[i], limit_);
  }
  void read(size_t size) {
    client.readMore(size);
    for (const wire::ProxyFrame& frame : client.frames) take(frame);
    client.frames.clear();
  }
  /// Everything was read.
  void check(const Engine& engine) const {
    CHECK_EQ(got_ + dropped_, owed_);
    std::set<FlowId> live;
    for (const Flow* flow = engine.table().first(); flow; flow = FlowTable::next(*flow))
      if (sees(*flow)) live.insert(flow->id);
    CHECK(live == known_);
  }
  bool lost() const { return dropped_ > 0; }
  FakeClient client;

 private:
  void take(const wire::ProxyFrame& frame) {
    if (frame.snapshotBegin) known_.clear();
    if (frame.opened) CHECK(known_.insert(frame.opened->id).second);
    if (frame.closed) CHECK_EQ(known_.erase(frame.closed->id), 1u);
    if (frame.data) {
      CHECK_EQ(known_.count(frame.data->id), 1u);
      got_ += frame.data->bytes.size();
    }
    if (frame.dropped) dropped_ += frame.dropped->bytes;
  }

  const uint32_t uid_;
  const bool everybody_;
  const uint32_t limit_;
  std::set<FlowId> known_;
  uint64_t owed_ = 0, got_ = 0, dropped_ = 0;  // owed_ may be below 0 on the way
};

/// Random flows, rules, peers and clients for some thousand steps.
class Script {
 public:
  explicit Script(unsigned seed) : random_(seed), limits_(bounds()), engine_(clock_, limits_, ruled()) {}

  void run() {
    for (int step = 0; step < 1500; step++) {
      switch (upTo(11)) {
        case 0: openStream(); break;
        case 1: openConversation(); break;
        case 2: case 3: case 4: actOnStream(); break;
        case 5: actOnConversation(); break;
        case 6: pass(upTo(300)); break;
        case 7: clients(); break;
        case 8: case 9: if (!watchers_.empty()) watcher().read(upTo(3) ? upTo(200) : upTo(40'000)); break;
        default: if (upTo(20) == 0) rules();
      }
      CHECK(engine_.outgoing().bodyBytes <= limits_.bodyBudget);
      for (const auto& each : watchers_)
        CHECK(each->client.session.subscriber().queuedBytes() <= limits_.queueBytes + (8u << 10));
    }
    settle();
  }
  bool anythingLost() const { return lost_; }

 private:
  unsigned upTo(unsigned n) { return static_cast<unsigned>(random_() % n); }
  Limits bounds() {
    Limits limits;
    limits.queueBytes = 64 << 10;
    limits.bodyShare = 48 << 10;
    limits.bodyBudget = upTo(2) ? 30'000 : 1 << 20;
    limits.bodyLimit = 1 + upTo(100'000);
    limits.relayBlock = 64 << 10;
    limits.relayBudget = 200'000;
    limits.flows = 40;
    limits.sessions = 6;
    limits.datagramIdleMillis = 2000;
    return limits;
  }
  uint32_t uid() { return upTo(3) ? 1000 : 1001; }

  void openStream() {
    auto stream = std::make_unique<Stream>(engine_, start(uid()));
    for (const auto& each : watchers_) each->begins(stream->flow);
    streams_.push_back(std::move(stream));
    reap();
  }
  void openConversation() {
    auto conversation = std::make_unique<Conversation>(engine_, uid());
    for (const auto& each : watchers_) each->begins(*conversation);
    conversations_.push_back(std::move(conversation));
    reap();
  }
  void actOnStream() {
    if (streams_.empty()) return;
    Stream& stream = *streams_[upTo(static_cast<unsigned>(streams_.size()))];
    if (!stream.flow.isConnected()) {
      if (!stream.flow.dialled()) return;
      if (upTo(8) == 0) stream.flow.connectFailed(ECONNREFUSED);
      else stream.flow.connected();
      return reap();
    }
    const Side side = upTo(2) ? Side::kClient : Side::kServer;
    FakeStream::End& end = stream.io.at(side);
    switch (upTo(12)) {
      case 0: end.finished = true; break;
      case 1: if (upTo(4) == 0) end.readError = ECONNRESET; break;
      case 2: if (upTo(4) == 0) end.writeError = EPIPE; break;
      case 3: end.window = upTo(2) ? 0 : upTo(50'000); break;
      case 4: end.window = SIZE_MAX; break;
      default: if (!end.finished) end.input.append(1 + upTo(20'000), 'x');
    }
    stream.flow.readable(side, end.finished || end.readError != 0);
    if (stream.flow.live()) stream.flow.writable(side);
    while (stream.io.wantsTurn && stream.flow.live()) {
      stream.io.wantsTurn = false;
      stream.flow.resume();
    }
    reap();
  }
  void actOnConversation() {
    if (conversations_.empty()) return;
    conversations_[upTo(static_cast<unsigned>(conversations_.size()))]->say(
        upTo(2) ? Direction::kUp : Direction::kDown, upTo(5) ? upTo(1400) : upTo(65'000));
    reap();
  }
  void pass(uint64_t millis) {
    clock_.steady += millis;
    engine_.tick();
    if (upTo(2)) engine_.flush();
    reap();
  }
  void rules() {
    static constexpr const char* kFiles[] = {
        "", "rate 20KB/s *", "delay 50ms rate 5KB/s protocol:udp\nreset after 30KB *", "block protocol:udp\ndelay 20ms *",
        "reset after 1000 down *", "delay 100ms block port:443"};
    CHECK_EQ(engine_.setRules(uid(), kFiles[upTo(6)]).message, "");
  }
  void clients() {
    if (watchers_.size() < 5 && upTo(3) == 0) {
      const bool root = upTo(4) == 0;
      watchers_.push_back(std::make_unique<Watcher>(engine_, root ? 0 : uid(), root, upTo(2) ? 1u << 20 : upTo(3000)));
    } else if (!watchers_.empty() && upTo(4) == 0) {
      // In the middle of a frame, more often than not.
      std::swap(watchers_[upTo(static_cast<unsigned>(watchers_.size()))], watchers_.back());
      watchers_.pop_back();
    }
  }
  Watcher& watcher() { return *watchers_[upTo(static_cast<unsigned>(watchers_.size()))]; }

  /// Flows that have closed: their bytes are final.
  void reap() {
    for (size_t i = streams_.size(); i-- > 0;) {
      Stream& stream = *streams_[i];
      if (stream.flow.live()) continue;
      CHECK_EQ(stream.io.finishes, 1);
      const auto& bytes = stream.flow.bytes;
      CHECK(stream.io.at(Side::kServer).output.size() <= bytes[0] && stream.io.at(Side::kClient).output.size() <= bytes[1]);
      if (!stream.io.reset)
        CHECK(stream.io.at(Side::kServer).output.size() == bytes[0] && stream.io.at(Side::kClient).output.size() == bytes[1]);
      for (const auto& each : watchers_) each->ends(stream.flow);
      streams_.erase(streams_.begin() + static_cast<long>(i));
    }
    for (size_t i = conversations_.size(); i-- > 0;) {
      Conversation& conversation = *conversations_[i];
      if (conversation.live()) continue;
      // A conversation that was turned away never got a say.
      for (size_t d = 0; d < 2; d++) {
        CHECK_EQ(conversation.datagrams[d] + (conversation.lost ? conversation.lost->datagrams[d] : 0), conversation.sent[d]);
        CHECK_EQ(conversation.datagrams[d], conversation.passed[d]);
      }
      for (const auto& each : watchers_) each->ends(conversation);
      conversations_.erase(conversations_.begin() + static_cast<long>(i));
    }
  }

  void settle() {
    for (const auto& each : streams_)
      for (const auto& watching : watchers_) watching->ends(each->flow);
    for (const auto& each : conversations_)
      for (const auto& watching : watchers_) watching->ends(*each);
    for (const auto& each : watchers_) {
      each->read(SIZE_MAX);
      each->check(engine_);
      lost_ = lost_ || each->lost();
    }
    watchers_.clear();
    CHECK_EQ(engine_.outgoing().bodyBytes, 0u);
    engine_.stop();
    CHECK_EQ(engine_.table().size(), 0u);
    CHECK_EQ(engine_.buffers().held(), 0u);
    CHECK_EQ(engine_.waitingDatagrams(), 0u);
  }

  std::mt19937 random_;
  const Limits limits_;
  FakeClock clock_;
  Engine engine_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Conversation>> conversations_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  bool lost_ = false;
};

TEST("whatever flows, rules, peers and clients do, delivered and dropped add up, and nothing is left at the end") {
  int lossy = 0;
  for (unsigned seed = 0; seed < 120; seed++) {
    Script script(seed);
    script.run();
    lossy += script.anythingLost();
  }
  CHECK(lossy > 20 && lossy < 120);  // both kinds were tried
}

TEST("a client that reads one byte at a time gets every frame whole") {
  World world;
  Watcher slow(world.engine, 1000, false, 1 << 20);
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 20; i++) {
    streams.push_back(std::make_unique<Stream>(world.engine));
    Stream& s = *streams.back();
    slow.begins(s.flow);
    s.flow.connected();
    s.io.at(Side::kClient).input = std::string(100, 'x');
    s.flow.readable(Side::kClient, false);
    slow.ends(s.flow);
    slow.read(1);
  }
  for (int i = 0; i < 20'000 && !slow.client.session.subscriber().drained(); i++) slow.read(1);
  slow.check(world.engine);
  CHECK(!slow.lost());
}

TEST("a thousand clients that come and leave in mid-frame leave nothing behind and disturb nobody") {
  World world;
  Watcher steady(world.engine, 1000, false, 1 << 20);
  Stream s(world.engine);
  steady.begins(s.flow);
  s.flow.connected();
  for (int i = 0; i < 1000; i++) {
    FakeClient visitor(world.engine);
    visitor.window = static_cast<size_t>(i % 300);
    visitor.hello();
    if (i % 3) visitor.subscribe();
    s.io.at(Side::kClient).input = std::string(50, 'x');
    s.flow.readable(Side::kClient, false);
    world.engine.flush();
    if (i % 5 == 0) visitor.broken = true;
    world.engine.flush();
    if (i % 10 == 0) steady.read(SIZE_MAX);
  }
  steady.ends(s.flow);
  steady.read(SIZE_MAX);
  steady.check(world.engine);
  CHECK_EQ(world.engine.sessions().size(), 1u);
  CHECK_EQ(world.engine.outgoing().bodyBytes, 0u);
  CHECK_EQ(s.io.at(Side::kServer).output.size(), 50'000u);
}

TEST("a client that asks and never reads is sent away, whatever it asks; flows do not notice") {
  const auto ask = [](FakeClient& client, int what) {
    wire::ClientFrame frame;
    switch (what) {
      case 0: frame.probe.emplace(); break;
      case 1: frame.getStatus.emplace(); break;
      case 2: frame.listRules.emplace(); break;
      default: frame.subscribe.emplace();
    }
    client.send(frame);
  };
  for (int what = 0; what < 4; what++) {
    World world;
    Stream s(world.engine);
    s.flow.connected();
    FakeClient client(world.engine);
    client.hello();
    client.window = 0;
    for (int i = 0; i < 2'000'000 && !client.session.ending(); i++) ask(client, what);
    CHECK(client.session.ending());
    CHECK(client.session.subscriber().queuedBytes() <= world.engine.limits().queueBytes + (9u << 20));
    s.io.at(Side::kClient).input = "still here";
    s.flow.readable(Side::kClient, false);
    CHECK_EQ(s.io.at(Side::kServer).output, "still here");
  }
}

TEST("launchers of captures take no client's place") {
  Limits limits;
  limits.sessions = 2;
  World world(limits);
  std::vector<std::unique_ptr<FakeClient>> launchers;
  for (int i = 0; i < 10; i++) {
    launchers.push_back(std::make_unique<FakeClient>(world.engine));
    launchers.back()->hello();
    wire::ClientFrame frame;
    frame.attach.emplace().mode = Mode::kTproxy;
    launchers.back()->send(frame);
  }
  FakeClient one(world.engine), two(world.engine), three(world.engine);
  for (FakeClient* each : {&one, &two, &three}) each->hello();
  CHECK(!one.session.ending() && !two.session.ending() && three.session.ending());
}

TEST("out of memory for payload: new flows are refused with the reason, those that live go on, and it passes") {
  Limits limits;
  limits.relayBlock = 64 << 10;
  limits.relayBudget = 256 << 10;
  World world(limits);
  const auto client = world.subscriber();
  std::vector<std::unique_ptr<Stream>> stalled;
  for (int i = 0; i < 200 && world.engine.admits(); i++) {
    stalled.push_back(std::make_unique<Stream>(world.engine));
    Stream& s = *stalled.back();
    s.flow.connected();
    s.io.at(Side::kClient).window = 0;
    s.io.at(Side::kServer).input = std::string(1 << 20, 'x');
    s.flow.readable(Side::kServer, false);
  }
  CHECK(!world.engine.admits());
  CHECK(world.engine.buffers().held() <= 2 * limits.relayBudget + limits.relayBlock);
  Stream refused(world.engine);
  CHECK(!refused.begun && refused.io.dials == 0 && refused.io.reset);
  world.engine.flush();
  client->readAll();
  CHECK_EQ(client->closed().size(), 1u);
  CHECK(client->closed()[0].reason == CloseReason::kLimit);
  CHECK_CONTAINS(client->closed()[0].errorText, "memory for payload");
  const auto states = client->all(&wire::ProxyFrame::status);
  CHECK(states.size() == 1 && states[0].refusedFlows == 1 && states[0].relayBytes >= 2 * limits.relayBudget);
  CHECK_CONTAINS(states[0].text, "new flows are refused");
  // The old ones lose nothing, and room makes new ones welcome.
  for (const auto& each : stalled) {
    each->io.at(Side::kClient).window = SIZE_MAX;
    each->flow.writable(Side::kClient);
    while (std::exchange(each->io.wantsTurn, false)) each->flow.resume();
    CHECK_EQ(each->io.at(Side::kClient).output.size(), size_t{1} << 20);
  }
  CHECK(Stream(world.engine).begun);
  world.clock.steady += 2000;
  world.engine.tick();
  CHECK_EQ(world.engine.status(1000).status->text, "");
}

TEST("a shell that lets go of live flows leaves no trace of them in the engine") {
  FakeClock clock;
  Engine engine(clock, {}, ruled());
  FakeClient client(engine);
  client.hello();
  client.subscribe();
  engine.setRules(1000, "delay 1s rate 1KB/s *");
  {
    Stream stream(engine);
    Conversation conversation(engine, 1000);
    conversation.say(Direction::kUp, 100);
    CHECK_EQ(engine.table().size(), 2u);
  }
  CHECK_EQ(engine.table().size(), 0u);
  CHECK_EQ(engine.waitingDatagrams(), 0u);
  clock.steady += 1000;
  engine.tick();
  CHECK(!engine.nextTick());
  engine.flush();
  client.readAll();
  CHECK_EQ(client.closed().size(), 2u);
}

TEST("notices do not pile up for a subscriber that does not read; it gets the last one") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  client.subscribe();
  client.window = 0;
  for (int i = 0; i < 200'000; i++) world.engine.setNotice("notice " + std::to_string(i));
  CHECK(client.session.subscriber().queuedBytes() <= world.engine.limits().queueBytes);
  client.readAll();
  world.engine.answer();
  client.readAll();
  const auto states = client.all(&wire::ProxyFrame::status);
  CHECK(!states.empty());
  if (!states.empty()) CHECK_EQ(states.back().text, "notice 199999");
}

}  // namespace
