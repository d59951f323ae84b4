#include "sysext/core/version.h"
#include "sysext/test/core/fakes.h"

namespace wire = flowtap::wire;

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;

wire::RefusedCode codeOf(const FakeClient& client) {
  const auto refused = client.all(&wire::ProxyFrame::refused);
  return refused.size() == 1 ? refused[0].code : wire::RefusedCode::kUnspecified;
}

TEST("Hello is answered by Welcome") {
  World world;
  FakeClient client(world.engine);
  client.hello({7, 1, 3});
  client.readAll();
  const auto welcome = client.all(&wire::ProxyFrame::welcome);
  CHECK_EQ(welcome.size(), 1u);
  CHECK_EQ(welcome[0].version, 1u);
  CHECK_EQ(welcome[0].build, kBuild);
  CHECK_EQ(welcome[0].pid, 42u);
  CHECK(!client.session.over());
}

TEST("a version that is not spoken is refused with both versions named") {
  World world;
  FakeClient client(world.engine);
  client.hello({2, 3});
  client.readAll();
  CHECK(codeOf(client) == wire::RefusedCode::kVersion);
  CHECK_CONTAINS(client.refusal(), "2, 3");
  CHECK_CONTAINS(client.refusal(), "version 1");
  CHECK(client.all(&wire::ProxyFrame::refused)[0].versions == std::vector<uint32_t>{1});
  CHECK(client.session.over());
}

TEST("a Hello without a version is refused") {
  World world;
  FakeClient client(world.engine);
  client.hello({});
  client.readAll();
  CHECK(codeOf(client) == wire::RefusedCode::kVersion);
  CHECK_CONTAINS(client.refusal(), "none");
}

TEST("anything before Hello, and a second Hello, are refused") {
  for (const bool twice : {false, true}) {
    World world;
    FakeClient client(world.engine);
    if (twice) {
      client.hello();
      client.hello();
    } else {
      client.subscribe();
    }
    client.readAll();
    CHECK(codeOf(client) == wire::RefusedCode::kProtocol);
    CHECK(client.session.over());
    client.hello();  // what still arrives is not looked at
    client.readAll();
    CHECK_EQ(client.all(&wire::ProxyFrame::refused).size(), 1u);
  }
}

TEST("frames may be cut anywhere") {
  World world;
  FakeClient client(world.engine);
  wire::ClientFrame hello, status;
  hello.hello.emplace().versions = {1};
  status.getStatus.emplace();
  const std::string stream =
      FakeClient::framed(wire::serialise(hello)) + FakeClient::framed(wire::serialise(status));
  for (const char c : stream) client.sendBytes(std::string(1, c));
  client.readAll();
  CHECK_EQ(client.all(&wire::ProxyFrame::welcome).size(), 1u);
  CHECK_EQ(client.all(&wire::ProxyFrame::status).size(), 1u);
}

TEST("frames of length 0, too long, and malformed ones end the connection with a reason") {
  const std::pair<std::string, const char*> streams[] = {
      {std::string(4, '\0'), "length 0"},
      {std::string("\x01\x00\x10\x00", 4), "longer than"},  // 1 MiB + 1
      {std::string(4, '\xFF'), "longer than"},
      {FakeClient::framed("\x0A\x7F"), "not a ClientFrame"},  // a member that is cut off
      {FakeClient::framed(std::string(1, '\0')), "not a ClientFrame"},  // field number 0
      {FakeClient::framed(std::string(1, '\x0F')), "not a ClientFrame"},  // wire type 7
      {FakeClient::framed(std::string(9, '\xFF') + '\x7F'), "not a ClientFrame"},   // a tag of 70 bits
      {FakeClient::framed(std::string(11, '\xFF') + '\x7F'), "not a ClientFrame"},  // ... and one too long
  };
  for (const auto& [stream, reason] : streams) {
    World world;
    FakeClient client(world.engine);
    client.hello();
    client.sendBytes(stream);
    client.readAll();
    CHECK(codeOf(client) == wire::RefusedCode::kProtocol);
    CHECK_CONTAINS(client.refusal(), reason);
    CHECK(client.session.over());
  }
}

TEST("a frame of exactly 1 MiB is taken") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  wire::ClientFrame frame;
  frame.setRules.emplace().text = std::string(kMaxFrameBytes - 8, 'r');
  std::string bytes = wire::serialise(frame);
  frame.setRules->text.resize(frame.setRules->text.size() - (bytes.size() - kMaxFrameBytes));
  bytes = wire::serialise(frame);
  CHECK_EQ(bytes.size(), kMaxFrameBytes);
  client.sendBytes(FakeClient::framed(bytes));
  client.readAll();
  CHECK_EQ(client.all(&wire::ProxyFrame::rules).size(), 1u);
  CHECK(!client.session.over());
}

TEST("no bytes of a client bring a session down") {
  for (unsigned seed = 0; seed < 3000; seed++) {
    std::mt19937 random(seed);
    World world;
    FakeClient client(world.engine, 0);
    if (seed % 2) client.hello();
    std::string stream;
    for (int i = 0; i < 8; i++) {
      wire::ClientFrame frame;
      frame.subscribe.emplace().capture = "x";
      if (random() % 2) frame.probe.emplace().nonce = random();
      std::string message = wire::serialise(frame);
      for (unsigned flips = random() % 4; flips > 0; flips--) message[random() % message.size()] = char(random());
      stream += FakeClient::framed(message);
      if (random() % 16 == 0) stream[random() % stream.size()] = char(random());
    }
    for (size_t at = 0; at < stream.size();) {
      const size_t size = std::min<size_t>(1 + random() % 40, stream.size() - at);
      client.sendBytes(stream.substr(at, size));
      at += size;
    }
    world.engine.flush();
    client.readAll();  // CHECKs that every answer parses
  }
}

TEST("unknown members and fields are ignored") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  client.sendBytes(FakeClient::framed(std::string("\xFA\x3E\x01x", 4)));  // field 1007
  client.readAll();
  CHECK(!client.session.ending());
}

TEST("only root may ask for every user") {
  World world;
  const auto client = world.subscriber(1000, 0, "", true);
  CHECK(codeOf(*client) == wire::RefusedCode::kPeer);
}

TEST("one client too many is told so; the others go on") {
  Limits limits;
  limits.sessions = 2;
  World world(limits);
  const auto a = world.subscriber(), b = world.subscriber();
  FakeClient third(world.engine);
  third.hello();
  third.readAll();
  CHECK(codeOf(third) == wire::RefusedCode::kBusy);
  CHECK(third.session.over() && !a->session.over() && !b->session.over());
}

TEST("clients that never say hello keep neither their own user nor another out; the oldest goes first") {
  World world;
  FakeClient other(world.engine, 1001);
  std::vector<std::unique_ptr<FakeClient>> halfOpen;
  for (int i = 0; i < 1000; i++) halfOpen.push_back(std::make_unique<FakeClient>(world.engine, 1000));
  int kept = 0;
  for (const auto& client : halfOpen) kept += !client->session.ending();
  CHECK_EQ(kept, 64);
  CHECK(halfOpen.front()->session.ending() && !halfOpen.back()->session.ending());
  halfOpen.front()->readAll();
  CHECK(codeOf(*halfOpen.front()) == wire::RefusedCode::kProtocol);
  const auto own = world.subscriber(1000);
  CHECK(!own->session.over());
  other.hello();
  other.readAll();
  CHECK(!other.session.over() && other.session.welcomed());
}

TEST("a client that does not introduce itself is sent away") {
  World world;
  FakeClient silent(world.engine);
  const auto other = world.subscriber();
  CHECK(world.engine.nextTick().has_value());
  world.clock.steady += world.engine.limits().helloMillis;
  world.engine.tick();
  silent.readAll();
  CHECK(codeOf(silent) == wire::RefusedCode::kProtocol);
  CHECK(silent.session.over() && !other->session.over());
  CHECK(!world.engine.nextTick());
}

TEST("a client that does not even read its refusal is dropped") {
  World world;
  FakeClient client(world.engine);
  client.window = 0;
  client.hello({9});
  CHECK(client.session.ending() && !client.session.over());
  world.clock.steady += world.engine.limits().helloMillis - 1;
  world.engine.tick();
  CHECK(!client.session.over());
  world.clock.steady += 1;
  CHECK(world.engine.nextTick() == world.clock.steady);
  world.engine.tick();
  CHECK(client.session.over());
  CHECK(!world.engine.nextTick());
}

TEST("a probe brings a synthetic flow to the one who asked") {
  World world;
  const auto asking = world.subscriber(), other = world.subscriber();
  wire::ClientFrame frame;
  frame.probe.emplace().nonce = 123456789;
  asking->send(frame);
  world.engine.flush();
  asking->decode();
  other->decode();
  CHECK_EQ(asking->opened().size(), 1u);
  CHECK_EQ(asking->data().size(), 1u);
  CHECK_EQ(asking->data()[0].bytes, "123456789");
  CHECK_EQ(asking->closed().size(), 1u);
  CHECK_EQ(asking->opened()[0].host, "probe.invalid");
  CHECK(other->opened().empty());
  CHECK_EQ(world.engine.status(1000).status->liveFlows, 0u);
  CHECK_EQ(world.engine.status(1000).status->bodyBytes, 0u);
}

TEST("status says what is") {
  World world;
  const auto client = world.subscriber();
  FakeStream io;
  StreamFlow flow(world.engine, start(), io);
  flow.begin();
  const auto capture = [](const char* name, Mode mode, const char* blindSpot) {
    wire::CaptureStatus made;
    made.name = name;
    made.mode = mode;
    made.blindSpots = {blindSpot};
    return made;
  };
  world.engine.captureBegan(capture("first", Mode::kTproxy, "a"));
  world.engine.captureBegan(capture("second", Mode::kExplicit, "b"));
  world.engine.captureBegan(capture("third", Mode::kRedirect, "c"));
  world.engine.captureEnded("third");
  client->readAll();
  CHECK_EQ(client->all(&wire::ProxyFrame::status).size(), 4u);  // one for each change
  client->frames.clear();
  wire::ClientFrame frame;
  frame.getStatus.emplace();
  client->send(frame);
  client->readAll();
  const auto status = client->all(&wire::ProxyFrame::status);
  CHECK_EQ(status.size(), 1u);
  CHECK_EQ(status[0].liveFlows, 1u);
  CHECK_EQ(status[0].totalFlows, 1u);
  CHECK_EQ(status[0].captures, 2u);
  // The latest stands for what the next one can expect.
  CHECK(status[0].mode == Mode::kExplicit && status[0].blindSpots == std::vector<std::string>{"b"});
  CHECK_EQ(status[0].openCaptures.size(), 2u);
  CHECK_EQ(status[0].openCaptures[1].name, "first");
  CHECK_EQ(status[0].subscribers, 1u);
  CHECK_EQ(status[0].flowLimit, Limits{}.flows);
  flow.stop(CloseReason::kEof, 0);
}

TEST("a notice reaches every subscriber once") {
  World world;
  const auto client = world.subscriber();
  world.engine.setNotice("New connections wait");
  world.engine.setNotice("New connections wait");
  world.engine.flush();
  client->decode();
  const auto status = client->all(&wire::ProxyFrame::status);
  CHECK(status.size() == 1 && status[0].text == "New connections wait");
}

TEST("questions without reading the answers end the connection") {
  World world;
  const auto client = world.subscriber();
  client->window = 0;
  wire::ClientFrame frame;
  frame.getStatus.emplace();
  for (int i = 0; i < 1'000'000 && !client->session.ending(); i++) client->send(frame);
  CHECK(client->session.ending());
  CHECK(client->session.subscriber().queuedBytes() < 20u << 20);
}

TEST("Attach is passed to the shell and its refusal to the client") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  wire::ClientFrame frame;
  frame.attach.emplace().mode = Mode::kTproxy;
  client.send(frame);
  client.readAll();
  CHECK_EQ(client.attached.size(), 1u);
  CHECK_EQ(client.all(&wire::ProxyFrame::attached).size(), 1u);
  client.attachment = {wire::RefusedCode::kBusy, "too many"};
  client.send(frame);
  client.readAll();
  CHECK(codeOf(client) == wire::RefusedCode::kBusy);
  CHECK_EQ(client.refusal(), "too many");
}

TEST("StopProxy is passed to the shell; who comes while it stops is told") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  wire::ClientFrame frame;
  frame.stop.emplace();
  client.send(frame);
  CHECK_EQ(client.stops, 1);
  world.engine.stop();
  FakeClient late(world.engine);
  late.readAll();
  CHECK(codeOf(late) == wire::RefusedCode::kStopping);
}

}  // namespace
