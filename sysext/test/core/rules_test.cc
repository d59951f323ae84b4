// The rules file, and what rules do to flows.
#include <cerrno>

#include "sysext/test/core/fakes.h"

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;
namespace wire = flowtap::wire;

/// An engine that takes rules, and a subscriber.
struct RuledWorld {
  explicit RuledWorld(const std::string& rules, Limits bounds = {}) : engine(clock, bounds, ruled()), client(engine) {
    client.hello();
    client.subscribe();
    const RuleProblem problem = engine.setRules(1000, rules);
    CHECK_EQ(problem.message, "");
  }
  FakeClock clock;
  Engine engine;
  FakeClient client;

  void pass(uint64_t millis) {
    clock.steady += millis;
    engine.tick();
  }
  void read() {
    engine.flush();
    client.readAll();
  }
  wire::FlowClosed closing() {
    read();
    const auto all = client.closed();
    CHECK_EQ(all.size(), 1u);
    return all.empty() ? wire::FlowClosed{} : all[0];
  }
};

struct Stream {
  explicit Stream(Engine& engine, FlowStart about = start()) : flow(engine, std::move(about), io) { begun = flow.begin(); }
  FakeStream io;
  StreamFlow flow;
  bool begun;
  std::string& got(Side side) { return io.at(side).output; }
  void say(Side side, const std::string& text) {
    io.at(side).input += text;
    flow.readable(side, false);
  }
};

struct Conversation final : DatagramFlow {
  explicit Conversation(Engine& engine, FlowStart from = start()) : DatagramFlow(engine, udp(std::move(from))) {
    begin();
  }
  static FlowStart udp(FlowStart about) {
    about.protocol = Protocol::kUdp;
    return about;
  }
  /// As a shell does it.
  void say(Direction direction, const std::string& text) {
    sent[index(direction)]++;
    if (datagram(direction, text)) passed[index(direction)].push_back(text);
  }
  void pass(Direction direction, std::string_view text) override { passed[index(direction)].emplace_back(text); }
  void refuse() override { refusals++; }
  void released() override { releases++; }
  std::vector<std::string> passed[2];
  uint64_t sent[2] = {0, 0};
  int refusals = 0, releases = 0;
};

struct Reading {
  const char* text;
  uint32_t line, column;
  const char* says;
};

TEST("a broken rules file is refused with its line, its column and what is wrong there") {
  const Reading cases[] = {
      {"block host:a\nblok host:b", 2, 1, "Did you mean \"block\"?"},
      {"host:example.com", 1, 1, "begins with what to do"},
      {"block", 1, 6, "does not say which flows"},
      {"  block # all", 1, 9, "does not say which flows"},
      {"block prot:tcp", 1, 7, "There is no field \"prot\". Did you mean \"port\"?"},
      {"block status>=400", 1, 7, "not known when a flow opens"},
      {"block protocol:http", 1, 16, "A rule can ask for tcp and udp"},
      {"block direction:out", 1, 17, "There are: outbound, inbound."},
      {"block host:/^a/", 1, 12, "no regular expressions"},
      {"block host:\"a", 1, 12, "not closed"},
      {"block (port:80", 1, 7, "not closed"},
      {"block port:80)", 1, 14, "closes nothing"},
      {"block port:9..1", 1, 12, "is empty"},
      {"block port:x", 1, 12, "needs a number"},
      {"block port:", 1, 7, "A value is missing"},
      {"block port:1,,2", 1, 12, "A value is missing in this list"},
      {"block not", 1, 10, "missing at the end"},
      {"delay port:80", 1, 7, "such as 200ms"},
      {"delay 0ms *", 1, 7, "from 1ms to 1h"},
      {"delay 2h *", 1, 7, "from 1ms to 1h"},
      {"delay 1s delay 2s *", 1, 10, "stands twice"},
      {"rate 100KB host:a", 1, 6, "per second"},
      {"rate 0.5/s *", 1, 6, "per second"},
      {"rate 1KB/s up rate 2KB/s *", 1, 15, "one direction twice"},
      {"reset after *", 1, 13, "needs a size"},
      {"pass block *", 1, 6, "stands alone"},
      {"block rate 1KB/s *", 1, 7, "Nothing passes"},
      {"rate 1KB/s block *", 1, 12, "Nothing passes"},
      {"# ok\r\n\r\npass *\r\nbl\xFFock *", 4, 1, "not UTF-8"},
      {"block host:\xC3\xA4\xC3\xB6 port:x", 1, 20, "needs a number"},  // columns are characters
  };
  for (const Reading& each : cases) {
    RuleProblem problem;
    const RuleSet set = parseRules(each.text, problem);
    CHECK(set.rules.empty() && set.text.empty());
    if (problem.line != each.line || problem.column != each.column ||
        problem.message.find(each.says) == std::string::npos) {
      CHECK_EQ(std::string(each.text), std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " +
                                           problem.message);
    }
  }
}

TEST("a rules file keeps its rules' texts and lines, and ignores comments, blank lines and carriage returns") {
  RuleProblem problem;
  const RuleSet set = parseRules("\xEF\xBB\xBF# Slow\r\n\r\n  delay 1.5s rate 64KiB/s down  host:\"a # b\"  # why\r\nBLOCK *", problem);
  CHECK_EQ(problem.message, "");
  CHECK_EQ(set.rules.size(), 2u);
  CHECK_EQ(set.rules[0]->text, "delay 1.5s rate 64KiB/s down  host:\"a # b\"");
  CHECK_EQ(set.rules[0]->line, 3u);
  CHECK_EQ(set.rules[0]->effect.delayMillis, 1500u);
  CHECK(set.rules[0]->effect.rate == (std::array<uint64_t, 2>{0, 65536}));
  CHECK(set.rules[1]->effect.block && set.rules[1]->line == 4);
}

TEST("rates are bytes or bits per second, for both directions or one") {
  RuleProblem problem;
  const RuleSet set = parseRules("rate 800kbit/s *\nrate 1MB/s up rate 2MiB/s down *\nreset after 1.5k down *", problem);
  CHECK(set.rules[0]->effect.rate == (std::array<uint64_t, 2>{100'000, 100'000}));
  CHECK(set.rules[1]->effect.rate == (std::array<uint64_t, 2>{1'000'000, 2'097'152}));
  CHECK_EQ(set.rules[2]->effect.resetAfter, 1500u);
  CHECK(set.rules[2]->effect.counts(Direction::kDown) && !set.rules[2]->effect.counts(Direction::kUp));
}

TEST("a blocked stream is refused before anybody is dialled, and says by which rule") {
  RuledWorld world("pass port:80\nblock port:443 # no\n");
  Stream s(world.engine);
  CHECK(!s.begun);
  CHECK_EQ(s.io.dials, 0);
  CHECK(s.io.finishes == 1 && s.io.reset);
  const auto closing = world.closing();
  CHECK(closing.reason == CloseReason::kRule);
  CHECK_EQ(closing.error, ECONNREFUSED);
  CHECK_EQ(world.client.opened()[0].rule, "block port:443");
  CHECK_EQ(world.engine.rulesOf(1000)->rules[1]->applied, 1u);
  CHECK_EQ(world.engine.rulesOf(1000)->rules[0]->applied, 0u);
}

TEST("the first rule that fits decides, and a rule is one user's") {
  RuledWorld world("pass port:443\nblock *");
  Stream passes(world.engine), foreign(world.engine, start(1001));
  CHECK(passes.begun && passes.io.dials == 1);
  CHECK(foreign.begun && !foreign.flow.rule);
  FlowStart other = start();
  other.destination.port = 80;
  CHECK(!Stream(world.engine, other).begun);
}

TEST("a delayed stream is dialled when its time has come, and can end before") {
  RuledWorld world("delay 200ms port:443\n");
  Stream s(world.engine), stopped(world.engine);
  CHECK(s.begun && s.io.dials == 0 && !s.flow.dialled());
  CHECK_EQ(*world.engine.nextTick(), world.clock.steady + 200);
  world.pass(199);
  CHECK_EQ(s.io.dials, 0);
  stopped.flow.stop(CloseReason::kProxyStopped, 0);
  world.pass(1);
  CHECK_EQ(s.io.dials, 1);
  CHECK_EQ(stopped.io.dials, 0);
  s.flow.connected();
  s.say(Side::kClient, "at once now");
  CHECK_EQ(s.got(Side::kServer), "at once now");
}

TEST("delay and block together refuse late") {
  RuledWorld world("delay 1s block *");
  Stream s(world.engine);
  CHECK(s.begun && s.flow.live());
  world.pass(1000);
  CHECK(!s.flow.live() && s.io.finishes == 1 && s.io.dials == 0);
  CHECK(world.closing().reason == CloseReason::kRule);
}

TEST("reset at once lets the connection be made and ends it before any byte") {
  RuledWorld world("reset *");
  Stream s(world.engine);
  s.io.at(Side::kClient).input = "hello";
  s.flow.readable(Side::kClient, false);
  CHECK_EQ(s.io.dials, 1);
  s.flow.connected();
  CHECK(s.io.finishes == 1 && s.io.reset);
  CHECK_EQ(s.got(Side::kServer), "");
  const auto closing = world.closing();
  CHECK(closing.reason == CloseReason::kRule && closing.error == ECONNRESET && closing.bytesUp == 0);
}

TEST("reset after n bytes passes exactly n, waits until they are taken, and counts the named direction only") {
  for (const char* rule : {"reset after 1000 down *", "reset after 1000 *"}) {
    RuledWorld world(rule);
    Stream s(world.engine);
    s.flow.connected();
    const bool both = std::string(rule).find("down") == std::string::npos;
    s.say(Side::kClient, std::string(400, 'q'));
    CHECK_EQ(s.got(Side::kServer).size(), 400u);
    s.io.at(Side::kClient).window = 100;
    s.say(Side::kServer, std::string(5000, 'a'));
    CHECK(s.flow.live());
    CHECK_EQ(s.got(Side::kClient).size(), 100u);
    s.io.at(Side::kClient).window = SIZE_MAX;
    s.flow.writable(Side::kClient);
    CHECK(!s.flow.live() && s.io.reset);
    CHECK_EQ(s.got(Side::kClient).size(), both ? 600u : 1000u);
    const auto closing = world.closing();
    CHECK_EQ(closing.bytesDown, both ? 600u : 1000u);
    CHECK(closing.reason == CloseReason::kRule);
  }
}

TEST("a limited stream never passes more than its rate and a tenth of a second's worth, and all of it in the end") {
  for (const uint64_t rate : {100u, 1000u, 100'000u, 1'000'000u}) {
    RuledWorld world("rate " + std::to_string(rate) + "/s *");
    Stream s(world.engine);
    s.flow.connected();
    const size_t size = rate * 3;
    s.io.at(Side::kServer).input = std::string(size, 'x');
    s.io.at(Side::kServer).finished = true;
    const uint64_t begin = world.clock.steady;
    s.flow.readable(Side::kServer, true);
    for (int turns = 0; s.got(Side::kClient).size() < size && turns < 10'000; turns++) {
      const uint64_t elapsed = world.clock.steady - begin;
      CHECK(s.got(Side::kClient).size() <= std::max<uint64_t>(rate / 10, 1) + rate * elapsed / 1000);
      const auto next = world.engine.nextTick();
      CHECK(next && *next > world.clock.steady);
      if (!next) break;
      world.clock.steady = *next;
      world.engine.tick();
    }
    CHECK_EQ(s.got(Side::kClient).size(), size);
    const uint64_t took = world.clock.steady - begin;
    CHECK(took >= 2880 && took <= 3100);
    // The end of the stream is read when there are tokens again.
    world.pass(100);
    CHECK(s.io.at(Side::kClient).shut);
  }
}

TEST("the directions have rates of their own, and backpressure goes on beside the rate") {
  RuledWorld world("rate 1000/s up *");
  Stream s(world.engine);
  s.flow.connected();
  s.say(Side::kServer, std::string(50'000, 'd'));
  CHECK_EQ(s.got(Side::kClient).size(), 50'000u);
  s.io.at(Side::kServer).window = 30;
  s.say(Side::kClient, std::string(1000, 'u'));
  CHECK_EQ(s.got(Side::kServer).size(), 30u);
  CHECK_EQ(s.flow.bytes[0], 100u);  // read: a tenth of a second's worth
  world.pass(1000);
  CHECK_EQ(s.flow.bytes[0], 100u);  // nothing more is read while the server takes nothing
  s.io.at(Side::kServer).window = SIZE_MAX;
  s.flow.writable(Side::kServer);
  CHECK_EQ(s.got(Side::kServer).size(), 200u);
}

TEST("flows keep the rule they opened under") {
  RuledWorld world("rate 1000/s *");
  Stream old(world.engine);
  old.flow.connected();
  CHECK_EQ(world.engine.setRules(1000, "").message, "");
  CHECK(!world.engine.hasRules());
  Stream fresh(world.engine);
  fresh.flow.connected();
  old.say(Side::kClient, std::string(5000, 'x'));
  fresh.say(Side::kClient, std::string(5000, 'x'));
  CHECK_EQ(old.got(Side::kServer).size(), 100u);
  CHECK_EQ(fresh.got(Side::kServer).size(), 5000u);
  CHECK_EQ(old.flow.rule->text, "rate 1000/s *");
}

TEST("a blocked conversation refuses every datagram, is one flow, and ends soon with the rule as its reason") {
  RuledWorld world("block protocol:udp");
  Conversation c(world.engine);
  for (int i = 0; i < 5; i++) c.say(Direction::kUp, "ping");
  c.say(Direction::kDown, "nobody asked");
  CHECK_EQ(c.refusals, 5);
  CHECK(c.passed[0].empty() && c.passed[1].empty());
  world.pass(world.engine.limits().answeredQueryIdleMillis);
  CHECK_EQ(c.releases, 1);
  const auto closing = world.closing();
  CHECK(closing.reason == CloseReason::kRule && closing.datagramsUp == 0 && closing.bytesUp == 0);
  CHECK(closing.lost && closing.lost->datagramsUp == 5 && closing.lost->bytesUp == 20);
  CHECK(closing.lost->datagramsDown == 1 && closing.lost->bytesDown == 12);
}

TEST("a blocked conversation has the rule as its reason also where its program ends first") {
  RuledWorld world("reset after 3 up *");
  Conversation c(world.engine);
  c.say(Direction::kUp, "four");
  c.say(Direction::kUp, "more");
  CHECK(c.passed[0].size() == 1 && c.refusals == 1);
  c.stop(CloseReason::kEof, 0);
  const auto closing = world.closing();
  CHECK(closing.reason == CloseReason::kRule && closing.bytesUp == 4 && closing.lost->bytesUp == 4);
  CHECK_EQ(closing.errorText, "The rule did not let one datagram through (4 bytes)");
}

TEST("a delayed conversation passes its first datagrams late and in order") {
  RuledWorld world("delay 300ms *");
  Conversation c(world.engine);
  c.say(Direction::kUp, "one");
  world.pass(299);
  c.say(Direction::kUp, "two");
  CHECK(c.passed[0].empty());
  world.pass(1);
  CHECK(c.passed[0] == (std::vector<std::string>{"one", "two"}));
  c.say(Direction::kUp, "three");
  CHECK_EQ(c.passed[0].size(), 3u);
  CHECK_EQ(c.datagrams[0], 3u);
  CHECK_EQ(world.engine.waitingDatagrams(), 0u);
}

TEST("a conversation outlives a delay that is longer than its idle time") {
  RuledWorld world("delay 10min *");
  Conversation c(world.engine);
  c.say(Direction::kUp, "patience");
  for (int i = 0; i < 9; i++) world.pass(60'000);
  CHECK(c.live() && c.passed[0].empty());
  world.pass(60'000);
  CHECK_EQ(c.passed[0].size(), 1u);
}

TEST("limited datagrams wait as in a slow link's buffer; what does not fit is lost and counted") {
  RuledWorld world("rate 10KB/s *");
  Conversation c(world.engine);
  std::mt19937 random(7);
  uint64_t bytes = 0;
  const uint64_t begin = world.clock.steady;
  for (int i = 0; i < 2000; i++) {
    const std::string text(random() % 1400, 'x');
    bytes += text.size();
    c.say(Direction::kUp, text);
    if (random() % 4 == 0) world.pass(random() % 50);
    uint64_t passed = 0;
    for (const auto& each : c.passed[0]) passed += each.size();
    CHECK(passed <= 1000 + 1400 + 10 * (world.clock.steady - begin));
  }
  CHECK(c.lost && c.lost->datagrams[0] > 0 && c.passed[0].size() > 100);
  c.stop(CloseReason::kEof, 0);
  CHECK_EQ(c.datagrams[0] + c.lost->datagrams[0], c.sent[0]);
  CHECK_EQ(c.bytes[0] + c.lost->bytes[0], bytes);
  CHECK_EQ(c.passed[0].size(), c.datagrams[0]);
  CHECK_EQ(world.engine.waitingDatagrams(), 0u);
  const auto closing = world.closing();
  CHECK_EQ(closing.lost->datagramsUp + closing.datagramsUp, 2000u);
}

TEST("datagrams that wait in all flows together stay within the budget") {
  Limits limits;
  limits.relayBudget = 100'000;
  RuledWorld world("delay 1s *", limits);
  std::vector<std::unique_ptr<Conversation>> all;
  for (int i = 0; i < 20; i++) {
    all.push_back(std::make_unique<Conversation>(world.engine));
    for (int k = 0; k < 10; k++) all.back()->say(Direction::kUp, std::string(1000, 'x'));
  }
  CHECK(world.engine.waitingDatagrams() <= 100'000 && world.engine.waitingDatagrams() > 90'000);
  world.pass(1000);
  CHECK_EQ(world.engine.waitingDatagrams(), 0u);
  uint64_t passed = 0, lost = 0;
  for (const auto& each : all) {
    passed += each->passed[0].size();
    lost += each->lost ? each->lost->datagrams[0] : 0;
  }
  CHECK_EQ(passed + lost, 200u);
}

TEST("rules come and are listed over the wire; a broken file changes nothing") {
  RuledWorld world("");
  const auto ask = [&](const char* text) {
    wire::ClientFrame frame;
    if (text) frame.setRules.emplace().text = text;
    else frame.listRules.emplace();
    world.client.frames.clear();
    world.client.send(frame);
    world.read();
    const auto answers = world.client.all(&wire::ProxyFrame::rules);
    CHECK_EQ(answers.size(), 1u);
    return answers.empty() ? wire::Rules{} : answers[0];
  };
  CHECK(ask(nullptr).text.empty());
  const auto set = ask("# mine\nblock port:443\n");
  CHECK(set.error.empty() && set.line == 0);
  CHECK_EQ(set.text, "# mine\nblock port:443\n");
  Stream blocked(world.engine);
  const auto broken = ask("block port:443\n  block port:x");
  CHECK(broken.line == 2 && broken.column == 14 && !broken.error.empty());
  CHECK_EQ(broken.text, "# mine\nblock port:443\n");
  CHECK_EQ(broken.counts.size(), 1u);
  CHECK(broken.counts[0].rule == "block port:443" && broken.counts[0].line == 2 && broken.counts[0].applied == 1);
  CHECK_EQ(world.engine.status(1000).status->rules, 1u);
  CHECK_EQ(world.engine.status(1001).status->rules, 0u);
}

TEST("a proxy that takes no rules says so") {
  World world;
  FakeClient client(world.engine);
  client.hello();
  wire::ClientFrame frame;
  frame.setRules.emplace().text = "block *";
  client.send(frame);
  client.readAll();
  const auto answers = client.all(&wire::ProxyFrame::rules);
  CHECK(answers.size() == 1 && answers[0].error.find("no rules") != std::string::npos);
  Stream s(world.engine);
  CHECK(s.begun && !s.flow.rule);
}

TEST("subscribers are told when rules change, also in the snapshot that a flow stands under one") {
  RuledWorld world("delay 1s *");
  Stream s(world.engine);
  world.read();
  const auto states = world.client.all(&wire::ProxyFrame::status);
  CHECK(!states.empty() && states.back().rules == 1);
  FakeClient late(world.engine);
  late.hello();
  late.subscribe();
  late.readAll();
  CHECK_EQ(late.opened()[0].rule, "delay 1s *");
}

}  // namespace
