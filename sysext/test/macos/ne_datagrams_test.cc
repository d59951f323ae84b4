// One UDP flow of the system with many peers.
#include <cerrno>

#include "sysext/test/macos/fakes.h"

namespace wire = flowtap::wire;
using namespace flowtap::core;
using namespace flowtap::macos::test;
using flowtap::core::test::FakeClient;
using flowtap::core::test::World;

namespace {

struct FakePeers final : NeDatagramSocket {
  struct State {
    std::vector<NeDatagram> sent;
    std::deque<NeDatagram> incoming;
    std::map<uint16_t, int> failures;  ///< by the peer's port
    int closes = 0;
    bool waits = true;
  };
  explicit FakePeers(State& to) : state(to) {}
  State& state;

  int send(const Address& to, const std::string& bytes) override {
    if (const auto failure = state.failures.find(to.port); failure != state.failures.end()) return failure->second;
    state.sent.push_back({bytes, to});
    return 0;
  }
  bool receive(NeDatagram& datagram) override {
    if (state.incoming.empty()) return false;
    datagram = std::move(state.incoming.front());
    state.incoming.pop_front();
    return true;
  }
  void close() override { state.closes++; }
  void wait(bool input) override { state.waits = input; }
};

Address peer(uint16_t port) {
  Address address;
  address.size = 4;
  address.bytes = {192, 0, 2, 53};
  address.port = port;
  return address;
}

struct Taken {
  explicit Taken(Limits limits = {}, const std::string& rules = "") : world(limits), watcher(world.subscriber()) {
    CHECK_EQ(world.engine.setRules(1000, rules).message, "");
    FlowStart start = flowtap::core::test::start();
    start.protocol = Protocol::kUdp;
    start.destination = peer(443);
    start.host = std::make_shared<const std::string>("first.example");
    NeDatagrams::Parts parts{port, std::make_unique<FakePeers>(peers), NeAdmission::Place(admission), std::move(start)};
    flow = std::make_shared<NeDatagrams>(world.engine, turns, names, std::move(parts), [this](NeDatagrams&) { overs++; });
    flow->begin();
  }
  ~Taken() {
    CHECK_EQ(port->misuse, "");
    if (flow) flow->stop(CloseReason::kProxyStopped);
    turns.run();
  }
  Taken& open() {
    port->finishOpen();
    turns.run();
    return *this;
  }
  void fromProgram(std::vector<NeDatagram> datagrams, NeError error = NeError::kNone) {
    port->give(std::move(datagrams), error);
    turns.run();
  }
  void fromPeers(std::deque<NeDatagram> datagrams) {
    peers.incoming = std::move(datagrams);
    flow->serverReady();
    turns.run();
  }
  std::vector<wire::FlowOpened> opened() {
    world.engine.flush();
    watcher->decode();
    return watcher->opened();
  }
  std::vector<wire::FlowClosed> closed() {
    world.engine.flush();
    watcher->decode();
    return watcher->closed();
  }

  World world;
  FakeTurns turns;
  HostNames names;
  NeAdmission admission{{}};
  FakePeers::State peers;
  std::unique_ptr<FakeClient> watcher;
  std::shared_ptr<FakeDatagramPort> port = std::make_shared<FakeDatagramPort>();
  int overs = 0;
  std::shared_ptr<NeDatagrams> flow;
};

TEST("each peer of a socket is a conversation; all see one socket") {
  Taken t;
  t.open();
  t.fromProgram({{"a", peer(443)}, {"b", peer(1)}, {"c", peer(443)}});
  CHECK_EQ(t.peers.sent.size(), 3u);
  CHECK_EQ(t.flow->conversations(), 2u);
  const auto opened = t.opened();
  CHECK_EQ(opened.size(), 2u);
  CHECK_EQ(opened[0].host, "first.example");
  CHECK_EQ(opened[1].host, "");  // another name was not asked for
  CHECK(t.port->isReading());
}

TEST("answers reach the program with the address of who answered, also of somebody it did not ask") {
  Taken t;
  t.open();
  t.fromProgram({{"q", peer(443)}});
  t.fromPeers({{"a1", peer(443)}, {"x", peer(9)}});
  CHECK_EQ(t.port->written.size(), 2u);
  CHECK_EQ(t.port->written[0].bytes, "a1");
  CHECK(t.port->written[1].peer == peer(9));
  CHECK_EQ(t.flow->conversations(), 2u);
}

TEST("an empty datagram is one, and passes both ways") {
  Taken t;
  t.open();
  t.fromProgram({{"", peer(443)}});
  t.fromPeers({{"", peer(443)}});
  CHECK_EQ(t.peers.sent.size(), 1u);
  CHECK_EQ(t.port->written.size(), 1u);
}

TEST("one write at a time; what comes meanwhile follows in order, and a slow program makes the socket wait") {
  Taken t;
  t.open();
  t.fromProgram({{"q", peer(443)}});
  t.fromPeers({{"1", peer(443)}});
  t.fromPeers({{"2", peer(443)}, {"3", peer(443)}});
  CHECK_EQ(t.port->written.size(), 1u);
  const std::string large(60000, 'x');
  t.fromPeers({{large, peer(443)}, {large, peer(443)}, {large, peer(443)}, {large, peer(443)}, {large, peer(443)},
               {"left in the socket", peer(443)}});
  CHECK(!t.peers.waits);
  CHECK_EQ(t.peers.incoming.size(), 1u);
  t.port->finishWrite();
  t.turns.run();
  CHECK(t.peers.waits);
  CHECK_EQ(t.port->written.size(), 8u);
  CHECK_EQ(t.port->written[1].bytes + t.port->written[2].bytes, "23");
}

TEST("the program closes its socket: empty data and the error it comes as end everything in order") {
  for (const NeError error : {NeError::kNone, NeError::kNotConnected, NeError::kAborted}) {
    Taken t;
    t.open();
    t.fromProgram({{"q", peer(443)}, {"q", peer(1)}});
    t.fromProgram({}, error);
    CHECK_EQ(t.closed().size(), 2u);
    for (const auto& closing : t.closed()) CHECK(closing.reason == CloseReason::kEof && closing.error == 0);
    CHECK(t.port->readCloses == std::vector<NeError>{NeError::kNone});
    CHECK_EQ(t.peers.closes, 1);
    CHECK_EQ(t.overs, 1);
    CHECK_EQ(t.admission.live(), 0u);
  }
}

TEST("an open that fails, and a close while it opens") {
  Taken failing;
  failing.port->finishOpen(NeError::kInternal);
  failing.turns.run();
  CHECK_EQ(failing.overs, 1);
  CHECK_EQ(failing.port->reads, 0);

  Taken t;
  t.flow->stop(CloseReason::kProxyStopped);
  t.turns.run();
  t.port->finishOpen();
  t.turns.run();
  CHECK_EQ(t.port->reads, 0);
  CHECK_EQ(t.overs, 1);
  CHECK(t.port->readCloses == std::vector<NeError>{NeError::kAborted});
}

TEST("what completes after the close changes nothing") {
  Taken t;
  t.open();
  t.fromProgram({{"q", peer(443)}});
  t.fromPeers({{"a", peer(443)}});
  t.flow->stop(CloseReason::kProxyStopped);
  t.turns.run();
  t.port->give({{"late", peer(443)}}, NeError::kNone);
  t.port->finishWrite();
  t.turns.run();
  CHECK_EQ(t.peers.sent.size(), 1u);
  CHECK_EQ(t.overs, 1);
  t.flow.reset();
  CHECK_EQ(t.port.use_count(), 1);
}

TEST("a peer that cannot be reached ends its conversation, not the others") {
  Taken t;
  t.peers.failures[1] = EHOSTUNREACH;
  t.peers.failures[2] = EAGAIN;  // a full buffer loses a datagram, as everywhere
  t.open();
  t.fromProgram({{"q", peer(443)}, {"q", peer(1)}, {"q", peer(2)}});
  const auto closed = t.closed();
  CHECK_EQ(closed.size(), 1u);
  CHECK(closed[0].reason == CloseReason::kUnreachable);
  CHECK_EQ(t.flow->conversations(), 2u);
  CHECK_EQ(t.overs, 0);
}

TEST("beyond the limit datagrams are relayed all the same, unseen and counted") {
  Limits limits;
  limits.flows = 1;
  Taken t(limits);
  t.open();
  t.fromProgram({{"q", peer(443)}, {"q", peer(1)}});
  t.fromPeers({{"a", peer(1)}});
  CHECK_EQ(t.peers.sent.size(), 2u);
  CHECK_EQ(t.port->written.size(), 1u);
  CHECK_EQ(t.flow->conversations(), 1u);
}

TEST("a datagram to a name that nobody resolved is counted and goes nowhere") {
  Taken t;
  t.open();
  t.fromProgram({{"q", Address{}}});
  CHECK_EQ(t.peers.sent.size(), 0u);
  CHECK_EQ(t.flow->conversations(), 0u);
}

TEST("a conversation that was quiet ends; the socket goes on and has a new one with the next datagram") {
  Taken t;
  t.open();
  t.fromProgram({{"q", peer(443)}});
  t.world.clock.steady += 61'000;
  t.world.engine.tick();
  t.turns.run();
  CHECK_EQ(t.flow->conversations(), 0u);
  CHECK_EQ(t.overs, 0);
  t.fromProgram({{"again", peer(443)}});
  CHECK_EQ(t.flow->conversations(), 1u);
  CHECK_EQ(t.opened().size(), 2u);
}

TEST("idle time is that of the last datagram, and starts anew after sleep") {
  Taken t;
  t.open();
  t.world.clock.steady += 1000;
  t.fromProgram({{"q", peer(443)}});
  CHECK_EQ(t.flow->lastActive(), t.world.clock.steady);
  t.world.clock.steady += 8 * 3'600'000;
  t.flow->woke();
  CHECK_EQ(t.flow->lastActive(), t.world.clock.steady);
}

TEST("rules: what is blocked goes nowhere, what is delayed follows in order") {
  Taken t({}, "block port:1\ndelay 1s port:443");
  t.open();
  t.fromProgram({{"blocked", peer(1)}, {"first", peer(443)}, {"second", peer(443)}});
  CHECK_EQ(t.peers.sent.size(), 0u);
  t.world.clock.steady += 1001;
  t.world.engine.tick();
  t.turns.run();
  CHECK_EQ(t.peers.sent.size(), 2u);
  CHECK_EQ(t.peers.sent[0].bytes + t.peers.sent[1].bytes, "firstsecond");
  t.fromPeers({{"answer", peer(443)}, {"answer", peer(1)}});
  CHECK_EQ(t.port->written.size(), 1u);
}

TEST("names of DNS answers go to the flows that follow") {
  Taken t;
  t.open();
  // One answer: a.example is 192.0.2.53.
  const std::string answer = std::string("\0\1\x81\x80\0\1\0\1\0\0\0\0", 12) + std::string("\1a\7example\0", 11) +
                             std::string("\0\1\0\1", 4) + std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x35", 16);
  std::string query = answer.substr(0, 12 + 11 + 4);
  query[2] = 1;     // a query
  query[7] = '\0';  // without an answer
  t.fromProgram({{query, peer(53)}});
  t.fromPeers({{answer, peer(53)}});
  t.fromProgram({{"q", peer(8443)}});
  const auto opened = t.opened();
  CHECK_EQ(opened.size(), 2u);
  CHECK_EQ(opened[1].host, "a.example");
}

}  // namespace
