#include <cerrno>

#include "sysext/test/core/fakes.h"

namespace wire = flowtap::wire;

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;

struct Stream {
  explicit Stream(World& world) : flow(world.engine, start(), io) { begun = flow.begin(); }
  FakeStream io;
  StreamFlow flow;
  bool begun;
  FakeStream::End& client() { return io.at(Side::kClient); }
  FakeStream::End& server() { return io.at(Side::kServer); }
  void say(Side side, const std::string& text) {
    io.at(side).input += text;
    flow.readable(side, false);
  }
  void end(Side side) {
    io.at(side).finished = true;
    flow.readable(side, true);
  }
  void fail(Side side, int error) {
    io.at(side).readError = error;
    flow.readable(side, true);
  }
};

wire::FlowClosed onlyClosing(World& world, FakeClient& client) {
  world.engine.flush();
  client.decode();
  const auto closings = client.closed();
  CHECK_EQ(closings.size(), 1u);
  return closings.empty() ? wire::FlowClosed{} : closings[0];
}

TEST("a stream relays both ways and ends in order") {
  World world;
  const auto client = world.subscriber();
  Stream s(world);
  CHECK(s.begun);
  s.flow.connected();
  s.say(Side::kClient, "question");
  s.say(Side::kServer, "answer");
  s.end(Side::kClient);
  CHECK(s.server().shut && !s.client().shut);
  s.say(Side::kServer, " and more");
  CHECK_EQ(s.io.finishes, 0);
  s.end(Side::kServer);
  CHECK_EQ(s.io.finishes, 1);
  CHECK(!s.io.reset);
  CHECK_EQ(s.server().output, "question");
  CHECK_EQ(s.client().output, "answer and more");
  const auto closing = onlyClosing(world, *client);
  CHECK(closing.reason == CloseReason::kEof);
  CHECK_EQ(closing.bytesUp, 8u);
  CHECK_EQ(closing.bytesDown, 15u);
  CHECK(closing.connectedAt != 0 && closing.closedAt > closing.connectedAt);
  CHECK_EQ(world.engine.table().size(), 0u);
}

TEST("the last bytes may go with the end, and are not held up where none follows") {
  World world;
  Stream s(world);
  s.flow.connected();
  s.server().input = "a beginning";
  s.flow.readable(Side::kServer, true);  // an urgent mark, say: more is to be read, and it is not the end
  CHECK_EQ(s.client().output, "a beginning");
  CHECK_EQ(s.io.pushes, 1);
  s.server().input = ", an end";
  s.end(Side::kServer);
  CHECK(s.client().shut);
  CHECK_EQ(s.client().output, "a beginning, an end");
  CHECK_EQ(s.io.pushes, 1);
  s.client().input = "bye";
  s.fail(Side::kClient, ECONNRESET);
  CHECK(s.io.reset);
  CHECK_EQ(s.server().output, "bye");
  CHECK_EQ(s.io.pushes, 2);
}

TEST("a side whose readiness is still to be told is left alone when the server answers") {
  World world;
  Stream s(world);
  s.client().input = "question";
  s.server().input = "greeting";
  s.flow.connected(false, true);
  CHECK_EQ(s.server().output, "");
  CHECK_EQ(s.client().output, "greeting");
  s.flow.readable(Side::kClient, false);
  CHECK_EQ(s.server().output, "question");
}

TEST("a half-close waits for what the other side has not taken") {
  World world;
  Stream s(world);
  s.flow.connected();
  s.server().window = 3;
  s.say(Side::kClient, "abcdef");
  s.end(Side::kClient);
  CHECK(!s.server().shut);
  CHECK_EQ(s.server().output, "abc");
  s.server().window = 100;
  s.flow.writable(Side::kServer);
  CHECK_EQ(s.server().output, "abcdef");
  CHECK(s.server().shut);
  CHECK_EQ(world.engine.buffers().held(), 0u);
}

TEST("what a client sends before the server answers is relayed after it") {
  World world;
  Stream s(world);
  s.say(Side::kClient, "early");
  s.end(Side::kClient);
  CHECK_EQ(s.server().output, "");
  s.flow.connected();
  CHECK_EQ(s.server().output, "early");
  CHECK(s.server().shut);
}

TEST("a reset of either side reaches the other and is named") {
  for (const Side side : {Side::kClient, Side::kServer}) {
    World world;
    const auto client = world.subscriber();
    Stream s(world);
    s.flow.connected();
    s.io.at(side).input = "last words";
    s.fail(side, ECONNRESET);
    CHECK_EQ(s.io.at(other(side)).output, "last words");
    CHECK(s.io.reset);
    const auto closing = onlyClosing(world, *client);
    CHECK(closing.reason ==
          (side == Side::kClient ? CloseReason::kResetByClient : CloseReason::kResetByServer));
    CHECK_EQ(closing.error, ECONNRESET);
    CHECK(!closing.errorText.empty());
  }
}

TEST("each way not to connect has its reason") {
  const std::pair<int, CloseReason> ways[] = {
      {ECONNREFUSED, CloseReason::kRefused},    {ETIMEDOUT, CloseReason::kTimedOut},
      {EHOSTUNREACH, CloseReason::kUnreachable}, {ENETUNREACH, CloseReason::kUnreachable},
      {ECONNRESET, CloseReason::kResetByServer}, {EMFILE, CloseReason::kLimit},
      {EACCES, CloseReason::kUnreachable}, {EIO, CloseReason::kProxyError},
  };
  for (const auto& [error, reason] : ways) {
    World world;
    const auto client = world.subscriber();
    Stream s(world);
    s.flow.connectFailed(error);
    CHECK(s.io.reset);
    const auto closing = onlyClosing(world, *client);
    CHECK(closing.reason == reason);
    CHECK_EQ(closing.error, error);
    CHECK_EQ(closing.connectedAt, 0u);
  }
}

TEST("a client that gives up early is named") {
  World world;
  const auto client = world.subscriber();
  Stream s(world);
  s.flow.clientGone(0);
  CHECK(onlyClosing(world, *client).reason == CloseReason::kClientGone);
}

TEST("a server that refuses an upload is still heard") {
  // It answers, closes with unread data, and the next write to it fails.
  World world;
  const auto client = world.subscriber();
  Stream s(world);
  s.flow.connected();
  s.server().input = "413 Content Too Large";
  s.server().writeError = EPIPE;
  s.say(Side::kClient, "a long upload");
  CHECK_EQ(s.client().output, "413 Content Too Large");
  CHECK_EQ(s.io.finishes, 1);
  const auto closing = onlyClosing(world, *client);
  CHECK(closing.reason == CloseReason::kResetByServer);
  CHECK_EQ(closing.bytesDown, 21u);
}

TEST("data after the peer's half-close still flows") {
  World world;
  Stream s(world);
  s.flow.connected();
  s.end(Side::kServer);
  CHECK(s.client().shut);
  s.say(Side::kClient, "still here");
  CHECK_EQ(s.server().output, "still here");
  s.end(Side::kClient);
  CHECK_EQ(s.io.finishes, 1);
}

TEST("a busy flow lets the others have their turn") {
  World world;
  Stream s(world);
  s.flow.connected();
  s.io.readAtMost = 1;
  s.client().input = std::string(1000, 'x');
  s.flow.readable(Side::kClient, true);
  CHECK(s.io.wantsTurn);
  CHECK(s.server().output.size() < 1000);
  while (s.io.wantsTurn) {
    s.io.wantsTurn = false;
    s.flow.resume();
  }
  CHECK_EQ(s.server().output.size(), 1000u);
}

TEST("the limit of live flows refuses visibly and leaves the others alone") {
  Limits limits;
  limits.flows = 1;
  World world(limits);
  const auto client = world.subscriber();
  Stream first(world);
  Stream second(world);
  CHECK(first.begun && !second.begun);
  CHECK(second.io.reset);
  world.engine.flush();
  client->decode();
  CHECK_EQ(client->opened().size(), 2u);
  CHECK_EQ(client->closed().size(), 1u);
  CHECK(client->closed()[0].reason == CloseReason::kLimit);
  CHECK_EQ(world.engine.status(1000).status->refusedFlows, 1u);
  first.flow.connected();
  first.say(Side::kClient, "alive");
  CHECK_EQ(first.server().output, "alive");
}

TEST("stopping the engine closes every flow as proxy stopped") {
  World world;
  const auto client = world.subscriber();
  Stream a(world), b(world);
  a.flow.connected();
  world.engine.stop();
  client->decode();
  CHECK_EQ(client->closed().size(), 2u);
  for (const auto& closing : client->closed()) CHECK(closing.reason == CloseReason::kProxyStopped);
  CHECK_EQ(client->refusal(), "proxy is stopping");
  CHECK(a.io.reset && b.io.reset);
  CHECK(world.engine.drained());
}

TEST("whatever the order of readiness, windows and ends, every byte arrives and is counted") {
  for (unsigned seed = 0; seed < 400; seed++) {
    std::mt19937 random(seed);
    const auto upTo = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    Limits limits;
    limits.relayBlock = 128 << 10;
    limits.relayBudget = 64 << 10;  // small, so that reads become thrifty
    World world(limits);
    const auto client = world.subscriber();
    Stream s(world);
    std::string sent[2];
    bool done[2] = {false, false};
    for (auto& end : s.io.ends) end.window = 0;
    if (upTo(2)) s.flow.connected();
    while (s.flow.live()) {
      const Side side = upTo(2) ? Side::kServer : Side::kClient;
      auto& end = s.io.at(side);
      const auto i = static_cast<size_t>(side);
      switch (upTo(7)) {
        case 6:
          s.flow.readable(side, done[i]);  // readiness without anything new
          break;
        case 0:
        case 1:
          if (!done[i] && sent[i].size() < 600'000) {
            const std::string more(1 + upTo(upTo(2) ? 200'000 : 50), static_cast<char>('a' + upTo(26)));
            sent[i] += more;
            end.input += more;
            s.flow.readable(side, false);
          }
          break;
        case 2:
          if (!done[i] && (sent[i].size() > 100'000 || upTo(20) == 0)) {
            done[i] = end.finished = true;
            s.flow.readable(side, true);
          }
          break;
        case 3:
          end.window += upTo(upTo(2) ? 300'000 : 10);
          s.flow.writable(side);
          break;
        case 4:
          if (!s.flow.isConnected()) s.flow.connected();
          break;
        case 5:
          if (s.io.wantsTurn) {
            s.io.wantsTurn = false;
            s.flow.resume();
          }
      }
    }
    CHECK_EQ(s.server().output, sent[0]);
    CHECK_EQ(s.client().output, sent[1]);
    CHECK_EQ(s.io.finishes, 1);
    CHECK_EQ(world.engine.buffers().held(), 0u);
    const auto closing = onlyClosing(world, *client);
    CHECK(closing.reason == CloseReason::kEof);
    CHECK_EQ(closing.bytesUp, sent[0].size());
    CHECK_EQ(closing.bytesDown, sent[1].size());
    // The first bytes of each direction, without a gap.
    std::string seen[2];
    for (const auto& data : client->data()) {
      std::string& text = seen[data.direction == Direction::kDown];
      CHECK_EQ(data.offset, text.size());
      text += data.bytes;
    }
    for (int i = 0; i < 2; i++) CHECK_EQ(seen[i], sent[i].substr(0, 16384));
  }
}

}  // namespace
