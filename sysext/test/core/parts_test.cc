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
constexpr unsigned kA = 1, kCname = 5, kAaaa = 28, kAnswer = 0x8180;
std::string question(const std::string& name, unsigned answers, unsigned flags = kAnswer, unsigned id = 7,
                     unsigned type = kA) {
  return u16(id) + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(0) + dnsName(name) + u16(type) + u16(1);
}
std::string query(const std::string& name, unsigned id = 7, unsigned type = kA) {
  return question(name, 0, 0x0100, id, type);
}
std::string record(const std::string& name, unsigned type, const std::string& data, unsigned seconds = 0) {
  return name + u16(type) + u16(1) + u16(0) + u16(seconds) + u16(static_cast<unsigned>(data.size())) + data;
}
const std::string kPointer("\xC0\x0C", 2);  // to the question's name
const std::string kAddress4("\xC0\x00\x02\x01", 4);
Address address4() { return start().destination; }

/// A memory of names, a program that asks, and its name server.
struct Dns {
  explicit Dns(size_t limit = 4096) : names(limit) {}
  DnsExchange exchange(uint32_t pid = 0) const {
    Address server = address4();
    server.port = 53;
    return {start().source, server, pid};
  }
  void ask(const std::string& question_, const std::string& answer, uint32_t pid = 0) {
    names.query(exchange(pid), question_);
    names.answer(exchange(pid), answer, now);
  }
  /// Asks for the name and gets kAddress4.
  void resolve(const std::string& name, uint32_t pid = 0, unsigned seconds = 0) {
    ask(query(name), question(name, 1) + record(kPointer, kA, kAddress4, seconds), pid);
  }
  std::string name(const Address& address = address4(), uint32_t pid = 0) {
    const auto found = names.find(address, pid, now);
    return found ? *found : "";
  }
  uint64_t now = 1'000'000;
  HostNames names;
};

TEST("an address has the name that was asked for, through aliases too, in any order") {
  Dns dns;
  CHECK_EQ(dns.name(), "");
  dns.ask(query("WWW.example.com"), question("www.Example.com", 3) +
                                        record(dnsName("edge.cdn.example"), kA, kAddress4) +
                                        record(dnsName("cdn.example"), kCname, dnsName("EDGE.cdn.example")) +
                                        record(kPointer, kCname, dnsName("cdn.example")));
  CHECK_EQ(dns.name(), "www.Example.com");
  Address six = address4();
  six.size = 16;
  six.bytes = {0x20, 0x01, 0x0d, 0xb8};
  dns.ask(query("six.example", 8, kAaaa),
          question("six.example", 1, kAnswer, 8, kAaaa) +
              record(kPointer, kAaaa, std::string(reinterpret_cast<const char*>(six.bytes.data()), 16)));
  CHECK_EQ(dns.name(six), "six.example");
}

TEST("only what answers a query teaches a name") {
  Dns dns;
  const std::string address = record(kPointer, kA, kAddress4);
  dns.names.answer(dns.exchange(), question("a.example", 1) + address, dns.now);          // nobody asked
  dns.ask(query("a.example"), question("a.example", 1, kAnswer, 8) + address);            // another id
  dns.ask(query("a.example"), question("b.example", 1) + address);                        // another name
  dns.ask(query("a.example"), question("a.example", 1, kAnswer, 7, kAaaa) + address);     // another type
  dns.names.query(dns.exchange(), query("c.example"));
  DnsExchange other = dns.exchange();
  other.server.bytes[3]++;
  dns.names.answer(other, question("c.example", 1) + address, dns.now);  // of another server
  other = dns.exchange();
  other.client.port++;
  dns.names.answer(other, question("c.example", 1) + address, dns.now);  // to another socket
  CHECK_EQ(dns.names.size(), 0u);
  dns.names.answer(dns.exchange(), question("c.example", 1) + address, dns.now);
  CHECK_EQ(dns.name(), "c.example");
  // The first answer is the one that counts.
  dns.ask(query("d.example"), question("d.example", 0, 0x8183));
  dns.names.answer(dns.exchange(), question("d.example", 1) + address, dns.now);
  CHECK_EQ(dns.name(), "c.example");
}

TEST("queries, failures and wrong answers teach nothing") {
  Dns dns;
  const std::string answer = record(kPointer, kA, kAddress4);
  const auto told = [&](const std::string& message) { dns.ask(query("a.example"), message); };
  told(question("a.example", 1, 0x0100) + answer);              // a query
  told(question("a.example", 1, 0x8183) + answer);              // NXDOMAIN
  told(question("a.example", 1) + record(kPointer, kA, "abc"));  // an address of 3 bytes
  told(question("a.example", 1) + record(dnsName("b.example"), kA, kAddress4));  // of a name that nobody asked for
  told(question("a.example", 2) + record(dnsName("b.example"), kCname, dnsName("c.example")) +
       record(dnsName("c.example"), kA, kAddress4));
  told(question("a.example", 1) + record(kPointer, kAaaa, std::string(16, 'x')));  // not the type that was asked for
  told(question("a.example", 1) + answer.substr(0, answer.size() - 1));
  dns.ask(query(""), question("", 1) + answer);  // the root
  told("");
  told(question("a.example", 1) + record("\xC0\xFF", kA, kAddress4));  // a pointer forwards
  CHECK_EQ(dns.names.size(), 0u);
}

TEST("an answer that was cut off teaches what is whole") {
  Dns dns;
  std::string other = kAddress4;
  other[3] = 9;
  const std::string whole = question("a.example", 2, 0x8380) + record(kPointer, kA, kAddress4) +
                            record(kPointer, kA, other);
  dns.ask(query("a.example"), whole.substr(0, whole.size() - 2));
  CHECK_EQ(dns.name(), "a.example");
  CHECK_EQ(dns.names.size(), 1u);
}

TEST("several names of one address: each process has its own, and who cannot be sure has none") {
  Dns dns;
  dns.resolve("a.example", 1);
  dns.resolve("b.example", 2);
  CHECK_EQ(dns.name(address4(), 1), "a.example");
  CHECK_EQ(dns.name(address4(), 2), "b.example");
  CHECK_EQ(dns.name(address4(), 3), "");
  dns.resolve("c.example", 2);
  CHECK_EQ(dns.name(address4(), 2), "");
  dns.resolve("A.example", 1);
  CHECK_EQ(dns.name(address4(), 1), "A.example");
}

TEST("of several names of one address, one that has run out does not count, unless it is the only one") {
  Dns dns;
  dns.resolve("a.example", 1, 10);
  dns.now += 61'000;
  CHECK_EQ(dns.name(address4(), 1), "a.example");
  dns.resolve("b.example", 1, 3600);
  CHECK_EQ(dns.name(address4(), 1), "b.example");
  dns.now += 3'601'000;
  CHECK_EQ(dns.name(address4(), 1), "");
}

TEST("names that point to themselves or forwards teach nothing") {
  Dns dns;
  const std::string head = u16(7) + u16(kAnswer) + u16(1) + u16(1) + u16(0) + u16(0);
  const std::string rest = u16(1) + u16(1);
  const auto told = [&](const std::string& message) {
    std::string asks = message;
    asks[2] = 1;  // the same as a query
    dns.ask(asks, message);
  };
  told(head + std::string("\xC0\x0C", 2) + rest + record(kPointer, kA, kAddress4));
  // A label and then a pointer to that label: without an end, but for the rule that pointers go backwards.
  told(head + std::string("\x01" "a\xC0\x0C", 4) + rest + record(kPointer, kA, kAddress4));
  // Forwards, to a good name behind the record.
  told(head + std::string("\xC0\x21", 2) + rest + record(std::string(1, '\0'), kA, kAddress4) + dnsName("good"));
  // Aliases in a circle end, and lead to nothing.
  dns.ask(query("a.example"), question("a.example", 3) + record(kPointer, kCname, dnsName("b.example")) +
                                  record(dnsName("b.example"), kCname, dnsName("a.example")) +
                                  record(dnsName("c.example"), kA, kAddress4));
  CHECK_EQ(dns.names.size(), 0u);
}

TEST("no datagram harms the memory of names, and it stays bounded") {
  Dns dns(100);
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; i++) {
    std::string data = kAddress4;
    data[3] = static_cast<char>(random());
    data[2] = static_cast<char>(random());
    std::string message = question("host.example", 2) + record(kPointer, kA, data) + record(kPointer, kA, data);
    if (i % 2)
      for (unsigned flips = 1 + random() % 6; flips > 0; flips--) message[random() % message.size()] = char(random());
    if (i % 3 == 0) message.resize(random() % message.size());
    dns.ask(query("host.example"), message, static_cast<uint32_t>(random() % 50));
  }
  CHECK_EQ(dns.names.size(), 100u);
  for (unsigned i = 0; i < 5000; i++) dns.names.query(dns.exchange(), query("unanswered.example", i));
  CHECK_EQ(dns.names.waiting(), 1024u);
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

TEST("a process whose program nobody may look at has the name that it is signed with") {
  ProcessTable table;
  ProcessInfo info;
  info.pid = 9;
  info.signingId = "com.example.browser";
  CHECK_EQ(table.intern(info)->info.name, "com.example.browser");
  info.name = "Browser";
  CHECK_EQ(table.intern(info)->info.name, "Browser");
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
