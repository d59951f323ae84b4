// The small parts: hand-made frames, buffers, names, processes, text.
#include "sysext/core/host_names.h"
#include "sysext/core/utf8.h"
#include "sysext/test/core/fakes.h"

namespace wire = flowtap::wire;

namespace {

using namespace flowtap::core;
using namespace flowtap::core::test;

struct Bare final : Flow {
  using Flow::Flow;
  void stop(CloseReason, int) override {}
};

wire::ProxyFrame only(OutQueue& queue) {
  std::string bytes;
  while (!queue.empty()) {
    bytes += queue.front();
    queue.consume(queue.front().size());
  }
  wire::ProxyFrame frame;
  CHECK(bytes.size() > 4);
  const auto* head = reinterpret_cast<const unsigned char*>(bytes.data());
  CHECK_EQ(head[0] | head[1] << 8 | head[2] << 16 | static_cast<size_t>(head[3]) << 24, bytes.size() - 4);
  CHECK(wire::parse(bytes.data() + 4, bytes.size() - 4, frame));
  return frame;
}

TEST("hand-made frames decode to what was put in, at every size") {
  World world;
  BlockPool pool;
  OutQueue queue(pool);
  for (const size_t size : {0, 1, 60, 64, 70, 100, 127, 128, 129, 1000, 16300, 16384, 32768, 65507}) {
    const std::string payload(size, 'p');
    putData(queue, (uint64_t{1} << 53) - 1, Direction::kDown, UINT64_MAX >> 11, payload, UINT64_MAX >> 11,
            static_cast<uint32_t>(size));
    CHECK_EQ(queue.bodyBytes(), size);
    const auto frame = only(queue);
    CHECK(frame.data && frame.data->bytes == payload && frame.data->length == size);
    CHECK(frame.data->id == (uint64_t{1} << 53) - 1 && frame.data->direction == Direction::kDown);
  }
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{127}, size_t{128}, size_t{9000}}) {
    FlowStart about = start();
    ProcessInfo info;
    info.pid = 5;
    info.name = "curl";
    info.arguments = {"curl", std::string(size, 'a')};
    about.process = world.engine.processes().intern(info);
    about.host = std::make_shared<const std::string>(std::string(size, 'h'));
    about.inbound = true;
    about.protocol = Protocol::kUdp;
    about.destination.size = 16;
    about.destination.port = 65535;
    Bare flow(world.engine, about);
    flow.id = UINT64_MAX >> 11;
    flow.openedAt = flow.connectedAt = UINT64_MAX >> 11;
    flow.bytes = flow.datagrams = {UINT64_MAX >> 11, 1};
    putOpened(queue, flow);
    const auto opened = only(queue).opened;
    CHECK(opened && opened->id == flow.id && opened->host.size() == size && opened->inbound);
    CHECK(opened->process && opened->process->name == "curl" && opened->process->arguments.size() == 2);
    CHECK(opened->destination && opened->destination->address.size() == 16 && opened->destination->port == 65535);
    CHECK(opened->source && opened->source->address == std::string("\xC6\x12\x00\x02", 4));
    CHECK(opened->capture == "run-1" && opened->bytesUp == flow.bytes[0] && opened->protocol == Protocol::kUdp);
    flow.ended = {true, false};
    putCounters(queue, flow);
    const auto counters = only(queue).counters;
    CHECK(counters && counters->eofUp && !counters->eofDown && counters->datagramsUp == flow.datagrams[0]);
    Closing closing;
    closing.reason = CloseReason::kTimedOut;
    closing.error = 110;
    closing.errorText = std::string(size, 'e');
    closing.at = 99;
    putClosed(queue, flow, closing);
    const auto closed = only(queue).closed;
    CHECK(closed && closed->reason == CloseReason::kTimedOut && closed->error == 110 && closed->closedAt == 99);
    CHECK(closed->errorText.size() == size && closed->bytesUp == flow.bytes[0]);
  }
}

TEST("a queue gives back what was put in, whatever the writes take") {
  for (unsigned seed = 0; seed < 200; seed++) {
    std::mt19937 random(seed);
    BlockPool pool;
    OutQueue queue(pool);
    std::string in, out;
    size_t body = 0;
    for (int i = 0; i < 500; i++) {
      if (random() % 2) {
        const size_t size = 1 + random() % (random() % 20 == 0 ? 200'000 : 3000);
        char* at = queue.reserve(size + random() % 100);
        for (size_t k = 0; k < size; k++) at[k] = static_cast<char>(random());
        in.append(at, size);
        queue.commit(size, size);
        body += size;
      } else if (!queue.empty()) {
        const auto front = queue.front();
        const size_t size = 1 + random() % front.size();
        out += front.substr(0, size);
        queue.consume(size);
      }
      CHECK_EQ(queue.size(), in.size() - out.size());
      CHECK(queue.bodyBytes() >= queue.size() && queue.bodyBytes() <= body);
    }
    while (!queue.empty()) {
      out += queue.front();
      queue.consume(queue.front().size());
    }
    CHECK(in == out);
    CHECK_EQ(queue.bodyBytes(), 0u);
  }
}

TEST("relay buffers keep every byte and count what they hold") {
  RelayBuffers buffers(128 << 10, 256 << 10);
  std::vector<std::pair<Held, std::string>> kept;
  std::mt19937 random(1);
  for (int i = 0; i < 200; i++) {
    char* data = buffers.scratch();
    const size_t size = 1 + random() % (128 << 10);
    const size_t skip = random() % size;
    for (size_t k = skip; k < size; k++) data[k] = static_cast<char>(random());
    kept.emplace_back(buffers.keep(data + skip, size - skip), std::string(data + skip, size - skip));
  }
  CHECK(buffers.held() > 256u << 10);
  CHECK(buffers.readBytes() < 128u << 10);
  for (auto& [held, text] : kept) {
    CHECK(std::string(held.memory + held.at, held.size) == text);
    buffers.release(held);
  }
  CHECK_EQ(buffers.held(), 0u);
  CHECK_EQ(buffers.readBytes(), size_t{128} << 10);
}

TEST("conversations end when they were quiet for long enough, the quietest first") {
  struct Conversation final : DatagramFlow {
    using DatagramFlow::DatagramFlow;
    void released() override { releases++; }
    int releases = 0;
  };
  World world;
  const auto client = world.subscriber();
  Conversation a(world.engine, start()), b(world.engine, start());
  FlowStart dns = start();
  dns.destination.port = 53;
  Conversation query(world.engine, dns);
  a.begin();
  b.begin();
  query.begin();
  query.datagram(Direction::kUp, "question");
  world.clock.steady += 30'000;
  a.datagram(Direction::kUp, "");
  query.datagram(Direction::kDown, "answer");
  CHECK(query.connectedAt != 0);
  world.clock.steady += world.engine.limits().answeredQueryIdleMillis;
  CHECK(world.engine.nextTick().has_value());
  world.engine.tick();
  CHECK(query.releases == 1 && !query.live());
  CHECK(a.live() && b.live());
  world.clock.steady += 30'000;
  world.engine.tick();
  CHECK(a.live() && !b.live() && b.releases == 1);
  world.clock.steady += 60'000;
  world.engine.tick();
  CHECK(!a.live());
  world.engine.flush();
  client->decode();
  const auto closed = client->closed();
  CHECK_EQ(closed.size(), 3u);
  CHECK(closed[0].reason == CloseReason::kEof);  // an answered query has come to its end
  CHECK(closed[1].reason == CloseReason::kIdle && closed[2].reason == CloseReason::kIdle);
  CHECK_EQ(closed[0].datagramsUp, 1u);
  CHECK_EQ(closed[0].datagramsDown, 1u);
  CHECK_EQ(closed[0].bytesUp, 8u);
}

// ---- DNS ----

std::string u16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string dnsName(const std::string& name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    const size_t dot = std::min(name.find('.', at), name.size());
    out += static_cast<char>(dot - at) + name.substr(at, dot - at);
    at = dot + 1;
  }
  return out + '\0';
}
std::string question(const std::string& name, unsigned answers, unsigned flags = 0x8180) {
  return u16(7) + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(0) + dnsName(name) + u16(1) + u16(1);
}
std::string record(const std::string& name, unsigned type, const std::string& data) {
  return name + u16(type) + u16(1) + std::string(4, '\0') + u16(static_cast<unsigned>(data.size())) + data;
}
const std::string kPointer("\xC0\x0C", 2);  // to the question's name
const std::string kAddress4("\xC0\x00\x02\x01", 4);
Address address4() { return start().destination; }

TEST("an address has the name that was asked for, through aliases too") {
  HostNames names;
  CHECK(!names.find(address4()));
  names.learn(question("www.example.com", 2) + record(kPointer, 5, dnsName("edge.cdn.example")) +
              record(dnsName("edge.cdn.example"), 1, kAddress4));
  CHECK(names.find(address4()) && *names.find(address4()) == "www.example.com");
  names.learn(question("other.example", 1) + record(kPointer, 1, kAddress4));
  CHECK_EQ(*names.find(address4()), "other.example");  // the latest answer is the one in use
  Address six = address4();
  six.size = 16;
  six.bytes = {0x20, 0x01, 0x0d, 0xb8};
  names.learn(question("six.example", 1) +
              record(kPointer, 28, std::string(reinterpret_cast<const char*>(six.bytes.data()), 16)));
  CHECK(names.find(six) && *names.find(six) == "six.example");
}

TEST("queries, failures and wrong answers teach nothing") {
  HostNames names;
  const std::string answer = record(kPointer, 1, kAddress4);
  names.learn(question("a.example", 1, 0x0100) + answer);               // a query
  names.learn(question("a.example", 1, 0x8183) + answer);               // NXDOMAIN
  names.learn(question("a.example", 1) + record(kPointer, 1, "abc"));   // an address of 3 bytes
  names.learn(question("a.example", 1) + answer.substr(0, answer.size() - 1));
  names.learn(question("", 1) + answer);                                // the root
  names.learn("");
  names.learn(question("a.example", 1) + record("\xC0\xFF", 1, kAddress4));  // a pointer forwards
  CHECK_EQ(names.size(), 0u);
}

TEST("names that point to themselves or forwards teach nothing") {
  HostNames names;
  const std::string head = u16(7) + u16(0x8180) + u16(1) + u16(1) + u16(0) + u16(0);
  const std::string rest = u16(1) + u16(1);
  names.learn(head + std::string("\xC0\x0C", 2) + rest + record(kPointer, 1, kAddress4));
  // A label and then a pointer to that label: without an end, but for the rule that pointers go backwards.
  names.learn(head + std::string("\x01" "a\xC0\x0C", 4) + rest + record(kPointer, 1, kAddress4));
  // Forwards, to a good name behind the record.
  names.learn(head + std::string("\xC0\x21", 2) + rest + record(std::string(1, '\0'), 1, kAddress4) + dnsName("good"));
  CHECK_EQ(names.size(), 0u);
}

TEST("no datagram harms the memory of names, and it stays bounded") {
  HostNames names(100);
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; i++) {
    std::string data = kAddress4;
    data[3] = static_cast<char>(random());
    data[2] = static_cast<char>(random());
    std::string message = question("host.example", 2) + record(kPointer, 1, data) + record(kPointer, 1, data);
    if (i % 2)
      for (unsigned flips = 1 + random() % 6; flips > 0; flips--) message[random() % message.size()] = char(random());
    if (i % 3 == 0) message.resize(random() % message.size());
    names.learn(message);
  }
  CHECK_EQ(names.size(), 100u);
}

// ---- processes and text ----

TEST("flows of one process share its record; another program under the same pid gets its own") {
  ProcessTable table;
  ProcessInfo info;
  info.pid = 9;
  info.name = "sh";
  const auto a = table.intern(info), b = table.intern(info);
  CHECK(a == b);
  info.name = "curl";
  CHECK(table.intern(info) != a);
}

TEST("over-long and malformed parts of a process are cut to valid text") {
  ProcessTable table;
  ProcessInfo info;
  info.pid = 9;
  info.name = std::string(1000, 'n') + "\xFF";
  info.path = "/tmp/\xC3\x28";
  for (int i = 0; i < 10'000; i++) info.arguments.push_back("argument\xF0\x9F\x98");
  for (int i = 0; i < 1000; i++) info.ancestors.push_back({1, "init"});
  const auto process = table.intern(info);
  CHECK(process->encoded.size() < 16'384);
  CHECK_EQ(process->info.path, "/tmp/\xEF\xBF\xBD(");
  wire::Process decoded;
  CHECK(wire::parse(process->encoded.data(), process->encoded.size(), decoded));
  CHECK(decoded.arguments.size() > 100 && decoded.ancestors.size() == 32);
}

TEST("the table of processes forgets those that have no flow") {
  ProcessTable table;
  for (uint32_t pid = 1; pid < 100'000; pid++) {
    ProcessInfo info;
    info.pid = pid;
    table.intern(info);
  }
  CHECK(table.size() < 1000);
}

TEST("text is made valid and cut between characters") {
  CHECK_EQ(toUtf8("grüße 漢😀", 100), "grüße 漢😀");
  CHECK_EQ(toUtf8("漢漢", 5), "漢");
  CHECK_EQ(toUtf8(std::string_view("a\0b", 3), 10), std::string("a\0b", 3));
  const char* const bad[] = {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFE"};
  for (const char* text : bad) {
    const std::string made = toUtf8(text, 100);
    CHECK(made.size() == 3 * std::strlen(text));  // one U+FFFD for each byte
  }
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; i++) {
    std::string text;
    for (unsigned n = random() % 20; n > 0; n--) text += static_cast<char>(random());
    const size_t limit = random() % 30;
    const std::string once = toUtf8(text, limit);
    CHECK(once.size() <= limit);
    CHECK_EQ(toUtf8(once, limit), once);
  }
}

}  // namespace
