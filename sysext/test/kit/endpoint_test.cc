// The endpoint's life, and clients that come, go, stall and misbehave.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "sysext/test/kit/endpoint.h"

namespace {

using namespace flowtap;
using namespace flowtap::kit::test;
using flowtap::test::eventually;
using flowtap::test::Folder;

std::string startError(const std::string& name, const flowtap_options& options = {}) {
  char error[256] = "";
  CHECK(!flowtap_endpoint_start(name.c_str(), &options, error, sizeof error));
  return error;
}

TEST("an endpoint that cannot be started says why") {
  Endpoint endpoint;
  CHECK_CONTAINS(startError(endpoint.name), "already serves");
  Folder folder;
  CHECK(::chmod(folder.path().c_str(), 0755) == 0);
  CHECK_CONTAINS(startError(folder / "endpoint"), folder.path());
  CHECK_CONTAINS(startError("relative"), "relative");
  CHECK(!startError("").empty());
  flowtap_options options{};
  options.token = "too short";
  CHECK_CONTAINS(startError(folder / "endpoint", options), "16 bytes");
  options = {};
  options.team = "not a team";
  CHECK_CONTAINS(startError(folder / "endpoint", options), "Team ID");
  options.team = "ABCDE12345\" or anchor trusted";
  CHECK_CONTAINS(startError(folder / "endpoint", options), "Team ID");
  char little[8];
  CHECK(!flowtap_endpoint_start(nullptr, nullptr, little, sizeof little));
  CHECK_EQ(std::strlen(little), sizeof little - 1);
  CHECK(!flowtap_endpoint_start(nullptr, nullptr, nullptr, 0));
}

TEST("NULL is allowed everywhere") {
  flowtap_endpoint_stop(nullptr);
  const flowtap_flow_info info{};
  CHECK(!flowtap_flow_open(nullptr, &info));
  flowtap_flow_connected(nullptr);
  flowtap_flow_data(nullptr, FLOWTAP_UP, "x", 1);
  flowtap_flow_count(nullptr, FLOWTAP_UP, 1);
  flowtap_flow_ended(nullptr, FLOWTAP_UP);
  flowtap_flow_close(nullptr, FLOWTAP_EOF, 0);
  flowtap_statistics statistics{1, 1, 1, 1, 1};
  flowtap_endpoint_statistics(nullptr, &statistics);
  CHECK_EQ(statistics.opened + statistics.live, 0u);
  Endpoint endpoint;
  CHECK(!flowtap_flow_open(endpoint.handle, nullptr));
  flowtap_flow* flow = endpoint.open();
  flowtap_flow_data(flow, static_cast<flowtap_direction>(0), "x", 1);
  flowtap_flow_data(flow, FLOWTAP_UP, nullptr, 0);
  flowtap_flow_ended(flow, static_cast<flowtap_direction>(3));
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  CHECK(reader.closed(1));
  CHECK_EQ(reader.flows.begin()->second.closed.bytesUp, 0u);
}

TEST("stopping closes the live flows; their handles stay good until they are closed") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow* flow = endpoint.open();
  send(flow, FLOWTAP_UP, "last words");
  std::thread reading([&] { CHECK(reader.toTheEnd()); });
  endpoint.stop();
  reading.join();
  const Seen& seen = reader.flows.begin()->second;
  CHECK_EQ(seen.payload(0), "last words");
  CHECK(seen.closed.reason == wire::CloseReason::kProxyStopped);
  CHECK(reader.refusalCode == wire::RefusedCode::kStopping);
  flowtap_flow_connected(flow);
  send(flow, FLOWTAP_UP, "to nobody");
  flowtap_flow_count(flow, FLOWTAP_UP, 1);
  flowtap_flow_ended(flow, FLOWTAP_DOWN);
  flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  CHECK(!Reader(endpoint.name).connected());
}

TEST("an endpoint stops in the middle of its callers' work") {
  for (int round = 0; round < 20; round++) {
    Endpoint endpoint;
    Reader reader(endpoint.name, 16384);
    CHECK(reader.live());
    std::atomic<bool> done{false};
    std::vector<flowtap_flow*> held;
    for (int i = 0; i < 3; i++) held.push_back(endpoint.open());
    std::vector<std::thread> callers;
    for (flowtap_flow* flow : held)
      callers.emplace_back([flow, &done] {
        while (!done) send(flow, FLOWTAP_UP, "payload");
        flowtap_flow_close(flow, FLOWTAP_EOF, 0);
      });
    std::thread reading([&] { CHECK(reader.toTheEnd()); });
    if (round % 2) done = true;
    endpoint.stop();
    done = true;
    for (std::thread& caller : callers) caller.join();
    reading.join();
  }
}

TEST("a stalled client slows neither the callers nor another client, and learns what it missed") {
  flowtap_options options{};
  options.queue_bytes = 64u << 20;
  Endpoint endpoint(options);
  Reader stalled(endpoint.name, 16384);
  CHECK(stalled.live());
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  constexpr uint64_t kFlows = 2000;
  const std::string payload(10'000, 'p');
  std::thread callers([&] {
    for (uint64_t i = 0; i < kFlows; i++) {
      flowtap_flow* flow = endpoint.open();
      send(flow, FLOWTAP_DOWN, payload);
      flowtap_flow_close(flow, FLOWTAP_EOF, 0);
      // No more at once than a healthy client's queue and the limit of live flows hold.
      if (i % 50 == 0) eventually([&] { return endpoint.statistics().live < 50; });
    }
  });
  CHECK(reader.closed(kFlows));
  callers.join();
  uint64_t told = 0;
  for (const auto& [id, seen] : reader.flows) told += seen.payload(1).size();
  CHECK_EQ(told + reader.droppedBytes, kFlows * payload.size());
  // The other one wakes up: what it reads and what it is told to have missed is all there was.
  wire::ClientFrame status;
  status.getStatus.emplace();
  stalled.send(status);
  CHECK(stalled.until([&] {
    if (stalled.statuses.empty()) return false;
    uint64_t read = 0;
    for (const auto& [id, seen] : stalled.flows) read += seen.payload(1).size();
    return read + stalled.droppedBytes == kFlows * payload.size();
  }));
  CHECK(stalled.droppedBytes > 0);
}

TEST("clients come and go while four threads report") {
  Endpoint endpoint;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&] {
      const std::string piece(700, 'z');
      while (!done) {
        flowtap_flow* flow = endpoint.open();
        flowtap_flow_connected(flow);
        for (int n = 0; n < 5; n++) send(flow, n % 2 ? FLOWTAP_UP : FLOWTAP_DOWN, piece);
        flowtap_flow_close(flow, FLOWTAP_EOF, 0);
        std::this_thread::sleep_for(std::chrono::microseconds(300));
      }
    });
  for (int i = 0; i < 60; i++) {
    Reader reader(endpoint.name, 16384);
    CHECK(reader.connected());
    if (i % 3 == 0) continue;  // says hello and leaves
    CHECK(reader.closed(5));
    for (const auto& [id, seen] : reader.flows)
      if (seen.closes && seen.opened.bytesUp + seen.opened.bytesDown == 0 && reader.droppedBytes == 0) {
        CHECK_EQ(seen.payload(0).size() + seen.payload(1).size(), seen.closed.bytesUp + seen.closed.bytesDown);
        CHECK_EQ(seen.closed.bytesUp + seen.closed.bytesDown, 3500u);
      }
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(eventually([&] { return endpoint.statistics().clients == 0 && endpoint.statistics().live == 0; }));
}

TEST("what is no frame, and what an endpoint does not do, ends that connection only") {
  Endpoint endpoint;
  Reader good(endpoint.name, 0);
  CHECK(good.live());
  Reader garbage(endpoint.name);
  garbage.sendBytes(std::string("\xff\xff\xff\x7f garbage", 12));
  CHECK(garbage.toTheEnd());
  CHECK_CONTAINS(garbage.refusal, "longer than");
  wire::ClientFrame frame;
  frame.stop.emplace();
  Reader stopper(endpoint.name);
  stopper.send(frame);
  CHECK(stopper.toTheEnd());
  CHECK_CONTAINS(stopper.refusal, "only the program behind this endpoint");
  frame = {};
  frame.attach.emplace();
  Reader launcher(endpoint.name);
  launcher.send(frame);
  CHECK(launcher.toTheEnd());
  CHECK_CONTAINS(launcher.refusal, "captures no others");
  frame = {};
  frame.probe.emplace().nonce = 77;
  good.send(frame);
  CHECK(good.closed(1));
  CHECK_EQ(good.flows.begin()->second.opened.host, "probe.invalid");
}

TEST("the clients beyond the limit are told; room comes back") {
  Endpoint endpoint;
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 64; i++) {
    readers.push_back(std::make_unique<Reader>(endpoint.name, 0));
    CHECK(readers.back()->live());
  }
  Reader late(endpoint.name, 0);
  CHECK(late.toTheEnd());
  CHECK(late.refusalCode == wire::RefusedCode::kBusy);
  readers.clear();
  CHECK(eventually([&] { return endpoint.statistics().clients == 0; }));
  Reader again(endpoint.name, 0);
  CHECK(again.live());
}

TEST("nothing is left open when an endpoint has ended") {
  const int before = flowtap::test::openFds();
  for (int i = 0; i < 20; i++) {
    Endpoint endpoint;
    Reader one(endpoint.name, 0), two(endpoint.name);
    CHECK(one.live());
    flowtap_flow_close(endpoint.open(), FLOWTAP_EOF, 0);
  }
  CHECK_EQ(flowtap::test::openFds(), before);
}

TEST("another user is turned away, and the log says who") {
  if (::geteuid() != 0) SKIP("needs root to become another user");
  Endpoint endpoint;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresuid(54321, 54321, 54321) != 0) ::_exit(3);
    ::_exit(Reader(endpoint.name).connected() ? 1 : 0);
  }
  int status = -1;
  CHECK_EQ(::waitpid(child, &status, 0), child);
  // The folder keeps it out already; a client that got by would be seen in the status.
  CHECK_EQ(status, 0);
}

/// The C program of feed.c beside this one.
struct Feed {
  explicit Feed(const std::string& name, const char* threads) {
    int in[2], out[2];
    CHECK(::pipe(in) == 0 && ::pipe(out) == 0);
    char self[4096] = "";
    CHECK(::readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    const std::string program = std::string(self).substr(0, std::string(self).rfind('/')) + "/kit-feed";
    pid = ::fork();
    if (pid == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      for (const int end : {in[0], in[1], out[0], out[1]}) ::close(end);
      ::execl(program.c_str(), program.c_str(), name.c_str(), threads, nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input.reset(in[1]);
    output.reset(out[0]);
    CHECK_EQ(line(), "serving");
  }
  std::string line() const {
    std::string text;
    for (char c; ::read(output.get(), &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  int wait() const {
    int status = -1;
    ::waitpid(pid, &status, 0);
    return status;
  }
  pid_t pid;
  Fd input, output;
};

TEST("a C program streams its flows to clients that come, stall and are killed") {
  Folder folder;
  const std::string name = folder / "run/endpoint";
  Feed feed(name, "4");
  Reader stalled(name, 16384);
  CHECK(stalled.live());
  std::vector<pid_t> victims;
  for (int i = 0; i < 4; i++) {
    const pid_t child = ::fork();
    if (child == 0) {
      Reader victim(name, 16384);
      victim.live();
      for (;;) victim.read(1000);
    }
    victims.push_back(child);
  }
  Reader reader(name, 16384);
  CHECK(reader.closed(200));
  for (const pid_t victim : victims) {
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
  }
  CHECK(reader.closed(400));
  feed.input.reset();
  CHECK(reader.toTheEnd());  // perhaps before the last frames: a stopping endpoint waits for a second only
  CHECK_EQ(feed.wait(), 0);
  uint64_t told = 0, counted = 0;
  for (const auto& [id, seen] : reader.flows) {
    if (seen.closes == 0 || seen.opened.bytesUp + seen.opened.bytesDown > 0) continue;
    told += seen.payload(0).size() + seen.payload(1).size();
    counted += seen.closed.bytesUp + seen.closed.bytesDown;
  }
  CHECK(told > 0 && told <= counted);
  // "FLOWS BYTES": no flow that it opened is missing.
  CHECK(std::stoull(feed.line()) >= reader.closes);
}

}  // namespace
