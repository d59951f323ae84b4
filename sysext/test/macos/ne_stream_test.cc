// One TCP flow of the system, in every order that Network Extension is known to make things happen.
#include <cerrno>

#include "sysext/test/macos/fakes.h"

namespace wire = flowtap::wire;
using namespace flowtap::core;
using namespace flowtap::macos::test;
using flowtap::core::test::FakeClient;
using flowtap::core::test::World;

namespace {

struct Taken {
  explicit Taken(Limits limits = {}, FakeServer::State first = {}, bool synthetic = false, const std::string& rules = "")
      : world(limits), server(first), watcher(world.subscriber()) {
    CHECK_EQ(world.engine.setRules(1000, rules).message, "");
    port = std::make_shared<FakeStreamPort>();
    NeStream::Parts parts{port, std::make_unique<FakeServer>(server), NeAdmission::Place(admission), synthetic};
    stream = std::make_shared<NeStream>(world.engine, turns, flowtap::core::test::start(), std::move(parts),
                                        [this](NeStream&) { overs++; });
    stream->begin();
  }
  ~Taken() {
    CHECK_EQ(port->misuse, "");
    // A flow lives until it has ended: the system's completions hold it.
    if (!stream) return;
    stream->stop(CloseReason::kProxyStopped);
    stream->giveUp();
    turns.run();
  }

  /// Connected, opened, relaying.
  Taken& relaying() {
    stream->serverConnected(0);
    turns.run();
    port->finishOpen();
    turns.run();
    return *this;
  }
  void fromProgram(std::string bytes, NeError error = NeError::kNone) {
    port->give(std::move(bytes), error);
    turns.run();
  }
  void fromServer(const std::string& bytes) {
    server.input += bytes;
    ready();
  }
  void serverEnds() {
    server.ended = true;
    ready();
  }
  void ready() {
    for (int i = 0; i < 100 && (server.waitsInput || server.waitsOutput); i++) {
      const bool input = server.waitsInput && (!server.input.empty() || server.ended || server.readError);
      const bool output = server.waitsOutput && (server.window > 0 || server.writeError);
      if (!input && !output) break;
      stream->serverReady(input, output);
      turns.run();
    }
  }
  void programTakes(NeError error = NeError::kNone) {
    port->finishWrite(error);
    turns.run();
  }
  wire::FlowClosed closing() {
    world.engine.flush();
    watcher->decode();
    const auto all = watcher->closed();
    CHECK_EQ(all.size(), 1u);
    return all.empty() ? wire::FlowClosed{} : all[0];
  }
  bool closedWith(NeError error) {
    return port->readCloses == std::vector<NeError>{error} && port->writeCloses.size() >= 1 &&
           port->writeCloses.back() == error;
  }

  World world;
  FakeTurns turns;
  NeAdmission admission{{}};
  FakeServer::State server;
  std::unique_ptr<FakeClient> watcher;
  std::shared_ptr<FakeStreamPort> port;
  int overs = 0;
  std::shared_ptr<NeStream> stream;
};

TEST("the server is dialled first; the program's connect succeeds only when it has answered") {
  Taken t;
  CHECK_EQ(t.server.dials, 1);
  CHECK(t.server.waitsOutput);
  CHECK_EQ(t.port->opens, 0);
  t.stream->serverConnected(0);
  CHECK_EQ(t.port->opens, 1);
  CHECK(!t.port->reading);  // never before open has completed
  t.port->finishOpen();
  t.turns.run();
  CHECK(t.port->isReading());
  CHECK(t.server.waitsInput);
}

TEST("bytes go both ways and both ends are passed on") {
  Taken t;
  t.relaying();
  t.fromProgram("question");
  CHECK_EQ(t.server.output, "question");
  t.fromServer("answer");
  CHECK_EQ(t.port->written, "answer");
  t.fromProgram("");  // the program writes no more
  CHECK(t.server.shut);
  CHECK(t.port->writeCloses.empty());  // ... and still reads
  t.programTakes();
  t.fromServer(" and more");
  t.programTakes();
  t.serverEnds();
  CHECK_EQ(t.port->written, "answer and more");
  CHECK(t.closedWith(NeError::kNone));
  CHECK_EQ(t.server.closes, 1);
  CHECK(!t.server.reset);
  const auto closing = t.closing();
  CHECK(closing.reason == CloseReason::kEof);
  CHECK_EQ(closing.bytesUp, 8u);
  CHECK_EQ(closing.bytesDown, 15u);
  CHECK_EQ(t.overs, 1);
}

TEST("the server's end is told once, after the last write was taken") {
  Taken t;
  t.relaying();
  t.server.input = "last";
  t.serverEnds();
  CHECK(t.port->writeCloses.empty());
  t.programTakes();
  CHECK(t.port->writeCloses == std::vector<NeError>{NeError::kNone});
  CHECK(t.port->readCloses.empty());
  t.fromProgram("bye");
  CHECK_EQ(t.server.output, "bye");
  t.fromProgram("");
  CHECK(t.port->readCloses == std::vector<NeError>{NeError::kNone});
  CHECK(t.port->writeCloses == std::vector<NeError>{NeError::kNone});
}

TEST("a server that refuses, and one that is not there: the program sees that error and was never connected") {
  const std::pair<int, NeError> cases[] = {{ECONNREFUSED, NeError::kRefused},
                                           {ETIMEDOUT, NeError::kTimedOut},
                                           {EHOSTUNREACH, NeError::kHostUnreachable},
                                           {ENETUNREACH, NeError::kHostUnreachable},
                                           {EADDRNOTAVAIL, NeError::kHostUnreachable},
                                           {EMFILE, NeError::kAborted}};
  for (const auto& [error, seen] : cases) {
    Taken t;
    t.stream->serverConnected(error);
    t.turns.run();
    CHECK_EQ(t.port->opens, 0);
    CHECK(t.closedWith(seen));
    CHECK_EQ(t.closing().error, error);
    CHECK_EQ(t.overs, 1);
    CHECK_EQ(t.admission.live(), 0u);
    // ... and at once, from dial() itself.
    FakeServer::State first;
    first.dialResult = error;
    Taken sooner({}, first);
    sooner.turns.run();
    CHECK(sooner.closedWith(seen));
  }
}

TEST("the program is gone before its flow is opened") {
  Taken t;
  t.stream->serverConnected(0);
  t.port->finishOpen(NeError::kNotConnected);
  t.turns.run();
  CHECK(t.server.reset);
  CHECK(t.closing().reason == CloseReason::kClientGone);
  CHECK_EQ(t.port->reads, 0);
  CHECK_EQ(t.overs, 1);
}

TEST("stopped while the server is dialled, and while the flow opens: what completes afterwards is ignored") {
  Taken dialling;
  dialling.stream->stop(CloseReason::kProxyStopped);
  dialling.turns.run();
  CHECK_EQ(dialling.overs, 1);
  dialling.stream->serverConnected(0);  // an event that was on its way
  CHECK_EQ(dialling.port->opens, 0);

  Taken opening;
  opening.stream->serverConnected(0);
  opening.stream->stop(CloseReason::kProxyStopped);
  opening.turns.run();
  CHECK_EQ(opening.port->readCloses.size(), 1u);
  opening.port->finishOpen();
  opening.turns.run();
  CHECK_EQ(opening.port->reads, 0);
  CHECK_EQ(opening.port->readCloses.size(), 1u);
  CHECK(opening.closing().reason == CloseReason::kProxyStopped);
  CHECK_EQ(opening.overs, 1);
}

TEST("reads and writes that complete after the close change nothing") {
  Taken t;
  t.relaying();
  t.fromServer("answer");
  t.stream->stop(CloseReason::kProxyStopped);
  t.turns.run();
  CHECK(t.closedWith(NeError::kAborted));
  CHECK(t.server.reset);
  t.port->give("too late", NeError::kNone);
  t.port->finishWrite(NeError::kNone);
  t.turns.run();
  CHECK_EQ(t.server.output, "");
  CHECK_EQ(t.port->readCloses.size(), 1u);
  CHECK_EQ(t.port->writeCloses.size(), 1u);
  CHECK_EQ(t.overs, 1);
}

TEST("what the program reads with an error: the reason of each") {
  const std::pair<NeError, CloseReason> cases[] = {{NeError::kPeerReset, CloseReason::kResetByClient},
                                                   {NeError::kAborted, CloseReason::kResetByClient},
                                                   {NeError::kTimedOut, CloseReason::kTimedOut},
                                                   {NeError::kHostUnreachable, CloseReason::kUnreachable},
                                                   {NeError::kInternal, CloseReason::kProxyError}};
  for (const auto& [error, reason] : cases) {
    Taken t;
    t.relaying();
    t.fromProgram("", error);
    CHECK(t.closing().reason == reason);
    CHECK(t.server.reset);
    CHECK_EQ(t.overs, 1);
  }
}

TEST("bytes that come with an error are relayed before it counts") {
  Taken t;
  t.relaying();
  t.fromProgram("last words", NeError::kPeerReset);
  CHECK_EQ(t.server.output, "last words");
  CHECK(t.closing().reason == CloseReason::kResetByClient);
}

TEST("a program that no longer takes bytes: the flow ends, with what it had sent passed on") {
  Taken t;
  t.relaying();
  t.fromServer("answer");
  t.programTakes(NeError::kPeerReset);
  CHECK(t.closing().reason == CloseReason::kResetByClient);
  CHECK(t.server.reset);
  CHECK_EQ(t.overs, 1);
}

TEST("a server that resets") {
  Taken t;
  t.relaying();
  t.server.readError = ECONNRESET;
  t.ready();
  CHECK(t.closing().reason == CloseReason::kResetByServer);
  CHECK(t.closedWith(NeError::kPeerReset));
}

TEST("one write at a time: a program that does not read makes the server wait, and nothing is lost") {
  Limits limits;
  limits.relayBlock = 1000;
  Taken t(limits);
  t.relaying();
  std::string sent;
  for (int i = 0; i < 5000; i++) sent += static_cast<char>('a' + i % 26);
  t.fromServer(sent);
  CHECK(!t.server.waitsInput);
  CHECK(t.server.input.size() >= 2000);  // left with the server: one block is being written, one is held
  for (int i = 0; i < 20 && t.port->writing; i++) {
    t.programTakes();
    t.ready();
  }
  CHECK_EQ(t.port->written, sent);
  CHECK(t.server.waitsInput);
}

TEST("a server that does not read makes the program wait, and nothing is lost") {
  Limits limits;
  limits.relayBlock = 1000;
  Taken t(limits);
  t.relaying();
  t.server.window = 10;
  t.fromProgram(std::string(4000, 'x'));
  CHECK_EQ(t.server.output.size(), 10u);
  CHECK(!t.port->isReading());  // one piece waits; no other is asked for
  CHECK(t.server.waitsOutput);
  t.server.window = SIZE_MAX;
  t.ready();
  CHECK_EQ(t.server.output.size(), 4000u);
  CHECK(t.port->isReading());
  CHECK(!t.server.waitsOutput);
}

TEST("the end waits for a program that is slow to read, but not for ever") {
  Taken t;
  t.relaying();
  t.fromProgram("");
  t.server.input = "answer";
  t.serverEnds();
  CHECK(t.closing().reason == CloseReason::kEof);
  CHECK(t.port->readCloses.empty());
  CHECK_EQ(t.admission.live(), 1u);
  CHECK(t.stream->drainingSince().has_value());
  t.stream->giveUp();
  t.turns.run();
  CHECK(t.closedWith(NeError::kAborted));
  CHECK_EQ(t.admission.live(), 0u);
  CHECK_EQ(t.overs, 1);
}

TEST("a limit turns the program away before anything is dialled") {
  Limits limits;
  limits.flows = 0;
  Taken t(limits);
  t.turns.run();
  CHECK_EQ(t.server.dials, 0);
  CHECK(t.closedWith(NeError::kRefused));
  CHECK(t.closing().reason == CloseReason::kLimit);
  CHECK_EQ(t.overs, 1);
}

TEST("a synthetic flow is shown and answered, and no packet leaves") {
  Taken t({}, {}, true);
  t.turns.run();
  CHECK_EQ(t.server.dials, 0);
  CHECK(t.closedWith(NeError::kRefused));
  CHECK(t.closing().reason == CloseReason::kRefused);
  CHECK_EQ(t.watcher->opened().size(), 1u);
}

TEST("a flow that is over keeps nothing of the system's") {
  Taken t;
  t.relaying();
  const auto weak = std::weak_ptr<NeStream>(t.stream);
  t.fromProgram("");
  t.serverEnds();
  CHECK_EQ(t.overs, 1);
  t.stream.reset();
  CHECK(weak.expired());
  std::weak_ptr<FakeStreamPort> port = t.port;
  CHECK_EQ(port.use_count(), 1);  // the test's own
}

TEST("a read that never completes holds the flow, and not the port") {
  Taken t;
  t.relaying();
  t.stream->stop(CloseReason::kProxyStopped);
  t.turns.run();
  t.stream.reset();
  CHECK_EQ(t.port.use_count(), 1);
  CHECK(t.port->isReading());  // the system lets go of it together with its flow
}

// ---- under a rule ----

TEST("a rule that blocks: refused, and the server hears nothing") {
  Taken t({}, {}, false, "block *");
  t.turns.run();
  CHECK_EQ(t.server.dials, 0);
  CHECK_EQ(t.port->opens, 0);
  CHECK(t.closedWith(NeError::kRefused));
  CHECK(t.closing().reason == CloseReason::kRule);
}

TEST("a rule that delays: the server is dialled later; stopped meanwhile, it never is") {
  Taken t({}, {}, false, "delay 5s *");
  CHECK_EQ(t.server.dials, 0);
  t.world.clock.steady += 5001;
  t.world.engine.tick();
  CHECK_EQ(t.server.dials, 1);
  t.relaying();
  t.fromProgram("later");
  CHECK_EQ(t.server.output, "later");

  Taken stopped({}, {}, false, "delay 5s *");
  stopped.stream->stop(CloseReason::kProxyStopped);
  stopped.turns.run();
  CHECK_EQ(stopped.overs, 1);
  stopped.world.clock.steady += 5001;
  stopped.world.engine.tick();
  CHECK_EQ(stopped.server.dials, 0);
}

TEST("a rule that resets: the program sees a reset, after as many bytes as the rule says") {
  Taken t({}, {}, false, "reset after 4B *");
  t.relaying();
  t.fromProgram("123456");
  CHECK_EQ(t.server.output, "1234");
  CHECK(t.server.reset);
  CHECK(t.closedWith(NeError::kPeerReset));
  CHECK(t.closing().reason == CloseReason::kRule);
}

TEST("a rule that slows down: the server is not waited for meanwhile, and everything arrives") {
  Taken t({}, {}, false, "rate 1KB/s down *");
  t.relaying();
  std::string sent(5000, 'z');
  t.fromServer(sent);
  CHECK(!t.server.waitsInput);
  CHECK(t.port->written.size() < sent.size());
  for (int turn = 0; turn < 200 && t.port->written.size() < sent.size(); turn++) {
    if (t.port->writing) t.programTakes();
    t.world.clock.steady += 100;
    t.world.engine.tick();
    t.turns.run();
    t.ready();
  }
  CHECK_EQ(t.port->written, sent);
  if (t.port->writing) t.programTakes();
  t.serverEnds();
  for (int turn = 0; turn < 50 && t.port->writeCloses.empty(); turn++) {
    t.world.clock.steady += 100;
    t.world.engine.tick();
    t.turns.run();
    t.ready();
  }
  CHECK(t.port->writeCloses == std::vector<NeError>{NeError::kNone});
}

/// Random orders of everything that can happen; what was sent arrives in order, up to where the flow was cut.
TEST("any order of completions keeps the bytes in order and ends once") {
  for (unsigned seed = 0; seed < 300; seed++) {
    std::mt19937 random(seed);
    Limits limits;
    limits.relayBlock = 64;
    Taken t(limits);
    std::string up, down;
    bool upEnded = false;
    for (int step = 0; step < 400 && t.overs == 0; step++) {
      switch (random() % 10) {
        case 0:
          t.stream->serverConnected(random() % 40 == 0 ? ECONNREFUSED : 0);
          break;
        case 1:
          if (t.port->opening) t.port->finishOpen(random() % 40 == 0 ? NeError::kAborted : NeError::kNone);
          break;
        case 2:
        case 3:
          if (t.port->reading && !upEnded) {
            std::string piece(random() % 150, static_cast<char>('a' + random() % 26));
            upEnded = piece.empty();
            up += piece;
            t.port->give(piece);
          }
          break;
        case 4:
          if (!t.server.ended) {
            const std::string piece(random() % 150, static_cast<char>('A' + random() % 26));
            down += piece;
            t.server.input += piece;
          }
          break;
        case 5:
          if (t.port->writing) t.port->finishWrite(random() % 100 == 0 ? NeError::kPeerReset : NeError::kNone);
          break;
        case 6:
          t.server.window = random() % 200;
          break;
        case 7:
          t.ready();
          break;
        case 8:
          if (random() % 20 == 0) t.server.ended = true;
          if (random() % 200 == 0) t.stream->stop(CloseReason::kProxyStopped);
          break;
        case 9:
          t.turns.run();
          break;
      }
    }
    t.turns.run();
    CHECK_EQ(up.substr(0, t.server.output.size()), t.server.output);
    CHECK_EQ(down.substr(0, t.port->written.size()), t.port->written);
    CHECK(t.overs <= 1);
    if (t.overs == 1) {
      CHECK_EQ(t.port->readCloses.size(), 1u);
      CHECK(t.port->writeCloses.size() >= 1 && t.port->writeCloses.size() <= 2);
      CHECK_EQ(t.admission.live(), 0u);
    }
    t.stream->stop(CloseReason::kProxyStopped);
    t.stream->giveUp();
    t.turns.run();
    CHECK_EQ(t.overs, 1);
  }
}

}  // namespace
