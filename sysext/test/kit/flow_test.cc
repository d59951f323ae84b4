// What clients are told of the flows that callers report.
#include <numeric>

#include "sysext/test/kit/endpoint.h"

namespace {

using namespace flowtap;
using namespace flowtap::kit::test;

TEST("a flow is told as it was reported") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  CHECK(reader.welcome.mode == wire::Mode::kKit);
  CHECK_CONTAINS(reader.welcome.blindSpots.at(0), "endpoint");
  flowtap_flow_info info{};
  info.protocol = FLOWTAP_TCP;
  info.uid = ::geteuid();
  info.pid = 4711;
  info.process_path = "/Applications/Example.app/Contents/MacOS/Example";
  info.signing_id = "com.example.app";
  info.team_id = "A1B2C3D4E5";
  info.source_address = "192.0.2.1";
  info.source_port = 50000;
  info.destination_address = "fe80::1%en0";
  info.destination_port = 443;
  info.host = "example.com";
  info.inbound = true;
  flowtap_flow* flow = flowtap_flow_open(endpoint.handle, &info);
  flowtap_flow_connected(flow);
  send(flow, FLOWTAP_UP, "hello ");
  send(flow, FLOWTAP_UP, "world");
  send(flow, FLOWTAP_DOWN, "answer");
  flowtap_flow_ended(flow, FLOWTAP_UP);
  CHECK(reader.until([&] { return !reader.flows.empty() && reader.flows.begin()->second.counters.eofUp; }));
  flowtap_flow_close(flow, FLOWTAP_RESET_BY_SERVER, ECONNRESET);
  CHECK(reader.closed(1));
  const Seen& seen = reader.flows.begin()->second;
  CHECK(seen.opened.protocol == wire::Protocol::kTcp);
  CHECK(seen.opened.inbound);
  CHECK_EQ(seen.opened.host, "example.com");
  CHECK_EQ(seen.opened.capture, "endpoint");
  CHECK_EQ(seen.opened.source->port, 50000u);
  CHECK_EQ(seen.opened.source->address, std::string("\xC0\x00\x02\x01", 4));
  CHECK_EQ(seen.opened.destination->port, 443u);
  CHECK_EQ(seen.opened.destination->address.size(), 16u);
  CHECK_EQ(seen.opened.destination->address.substr(0, 2), "\xFE\x80");
  CHECK_EQ(seen.opened.process->pid, 4711u);
  CHECK_EQ(seen.opened.process->name, "Example");
  CHECK_EQ(seen.opened.process->signingId, "com.example.app");
  CHECK_EQ(seen.opened.process->teamId, "A1B2C3D4E5");
  CHECK_EQ(seen.payload(0), "hello world");
  CHECK_EQ(seen.payload(1), "answer");
  CHECK(seen.counters.eofUp && !seen.counters.eofDown);
  CHECK(seen.closed.reason == wire::CloseReason::kResetByServer);
  CHECK_EQ(seen.closed.error, ECONNRESET);
  CHECK_EQ(seen.closed.bytesUp, 11u);
  CHECK_EQ(seen.closed.bytesDown, 6u);
  CHECK(seen.opened.openedAt <= seen.closed.connectedAt && seen.closed.connectedAt <= seen.closed.closedAt);
  CHECK_EQ(reader.droppedFrames, 0u);
}

TEST("a name as the destination's address is the host") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 0);
  CHECK(reader.live());
  flowtap_flow_info info{};
  info.protocol = FLOWTAP_TCP;
  info.uid = ::geteuid();
  info.destination_address = "example.org";
  info.destination_port = 80;
  flowtap_flow_close(flowtap_flow_open(endpoint.handle, &info), FLOWTAP_NAME_NOT_FOUND, 0);
  CHECK(reader.closed(1));
  const Seen& seen = reader.flows.begin()->second;
  CHECK_EQ(seen.opened.host, "example.org");
  CHECK_EQ(seen.opened.destination->port, 80u);
  CHECK(seen.opened.destination->address.empty());
  CHECK(seen.closed.reason == wire::CloseReason::kNameNotFound);
}

TEST("payload goes as far as the limit, the counts go on") {
  flowtap_options options{};
  options.body_limit = 1000;
  Endpoint endpoint(options);
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow* flow = endpoint.open();
  const std::string all = pattern(0, 3000);
  for (size_t at = 0; at < all.size(); at += 300) send(flow, FLOWTAP_DOWN, all.substr(at, 300));
  flowtap_flow_count(flow, FLOWTAP_DOWN, uint64_t{1} << 40);
  flowtap_flow_count(flow, FLOWTAP_UP, 5);
  flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  CHECK(reader.closed(1));
  const Seen& seen = reader.flows.begin()->second;
  CHECK_EQ(seen.payload(1), all.substr(0, 1000));
  CHECK_EQ(seen.closed.bytesDown, (uint64_t{1} << 40) + 3000);
  CHECK_EQ(seen.closed.bytesUp, 5u);
  CHECK_EQ(seen.payload(0), "");
  CHECK_EQ(reader.droppedBytes, 0u);
}

TEST("payload after counted payload has its place") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow* flow = endpoint.open();
  send(flow, FLOWTAP_UP, "abc");
  flowtap_flow_count(flow, FLOWTAP_UP, 10);
  flowtap_flow_count(flow, FLOWTAP_UP, 20);
  send(flow, FLOWTAP_UP, "def");
  flowtap_flow_count(flow, FLOWTAP_UP, 40);
  flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  CHECK(reader.closed(1));
  const auto& pieces = reader.flows.begin()->second.pieces[0];
  CHECK_EQ(pieces.size(), 2u);
  CHECK_EQ(pieces.at(0), "abc");
  CHECK_EQ(pieces.at(33), "def");
  CHECK_EQ(reader.flows.begin()->second.closed.bytesUp, 76u);
}

TEST("a datagram is one frame with its real size, and counted") {
  flowtap_options options{};
  options.body_limit = 100;
  Endpoint endpoint(options);
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow* flow = endpoint.open(FLOWTAP_UDP);
  send(flow, FLOWTAP_UP, std::string(60, 'a'));
  send(flow, FLOWTAP_UP, "");
  send(flow, FLOWTAP_UP, std::string(90, 'b'));
  send(flow, FLOWTAP_UP, std::string(70, 'c'));
  flowtap_flow_count(flow, FLOWTAP_DOWN, 512);
  flowtap_flow_close(flow, FLOWTAP_IDLE, 0);
  CHECK(reader.closed(1));
  const Seen& seen = reader.flows.begin()->second;
  CHECK_EQ(seen.payload(0), std::string(60, 'a') + std::string(40, 'b'));
  CHECK_EQ(seen.data.front().length, 60u);
  CHECK_EQ(seen.data.back().length, 90u);
  CHECK_EQ(seen.closed.datagramsUp, 4u);
  CHECK_EQ(seen.closed.bytesUp, 220u);
  CHECK_EQ(seen.closed.datagramsDown, 1u);
  CHECK(seen.closed.reason == wire::CloseReason::kIdle);
}

TEST("a client that comes later gets what lives") {
  Endpoint endpoint;
  flowtap_flow* first = endpoint.open();
  send(first, FLOWTAP_UP, "before");
  flowtap_flow* second = endpoint.open();
  flowtap_flow_close(endpoint.open(), FLOWTAP_EOF, 0);
  CHECK(flowtap::test::eventually([&] { return endpoint.statistics().live == 2; }));
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  CHECK_EQ(reader.flows.size(), 2u);
  CHECK_EQ(reader.flows.begin()->second.opened.bytesUp, 6u);
  send(first, FLOWTAP_UP, "after");
  flowtap_flow_close(first, FLOWTAP_EOF, 0);
  flowtap_flow_close(second, FLOWTAP_EOF, 0);
  CHECK(reader.closed(2));
  CHECK_EQ(reader.flows.begin()->second.pieces[0].at(6), "after");
}

TEST("each client sees the flows of its own user") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 16384);
  CHECK(reader.live());
  flowtap_flow* foreign = endpoint.open(FLOWTAP_TCP, ::geteuid() + 1);
  send(foreign, FLOWTAP_UP, "secret");
  flowtap_flow_close(foreign, FLOWTAP_EOF, 0);
  flowtap_flow_close(endpoint.open(), FLOWTAP_EOF, 0);
  CHECK(reader.closed(1));
  CHECK_EQ(reader.flows.size(), 1u);
  CHECK_EQ(reader.flows.begin()->first, 2u);
}

TEST("a flow beyond the limit is refused and counted, and room comes back") {
  flowtap_options options{};
  options.max_flows = 2;
  Endpoint endpoint(options);
  Reader reader(endpoint.name, 0);
  CHECK(reader.live());
  flowtap_flow* one = endpoint.open();
  flowtap_flow* two = endpoint.open();
  CHECK(one && two);
  CHECK(!endpoint.open());
  CHECK_EQ(endpoint.statistics().refused, 1u);
  CHECK_EQ(endpoint.statistics().live, 2u);
  flowtap_flow_close(one, FLOWTAP_EOF, 0);
  flowtap_flow* three = nullptr;
  CHECK(flowtap::test::eventually([&] { return (three = endpoint.open()) != nullptr; }));
  wire::ClientFrame frame;
  frame.getStatus.emplace();
  reader.send(frame);
  CHECK(reader.until([&] { return !reader.statuses.empty(); }));
  CHECK(reader.statuses[0].refusedFlows >= 1);
  CHECK_EQ(reader.statuses[0].flowLimit, 2u);
  flowtap_flow_close(two, FLOWTAP_EOF, 0);
  flowtap_flow_close(three, FLOWTAP_EOF, 0);
}

TEST("what the inbox has no room for is counted as left out, and the rest keeps its place") {
  flowtap_options options{};
  options.queue_bytes = 20'000;
  options.body_limit = 1u << 20;
  Endpoint endpoint(options);
  Reader reader(endpoint.name, 1u << 20);
  CHECK(reader.live());
  flowtap_flow* flow = endpoint.open();
  constexpr size_t kTotal = 1'000'000;
  // Faster than any thread takes it.
  for (size_t at = 0; at < kTotal; at += 1000) send(flow, FLOWTAP_DOWN, pattern(at, 1000));
  flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  CHECK(reader.closed(1));
  const uint64_t leftOut = endpoint.statistics().left_out;
  CHECK(reader.until([&] { return reader.flows.begin()->second.payload(1).size() + reader.droppedBytes == kTotal; }));
  CHECK(leftOut > 0);
  for (const auto& [offset, bytes] : reader.flows.begin()->second.pieces[1]) CHECK(bytes == pattern(offset, bytes.size()));
  CHECK_EQ(reader.flows.begin()->second.closed.bytesDown, kTotal);
}

TEST("a reason that does not exist is the proxy's error") {
  Endpoint endpoint;
  Reader reader(endpoint.name, 0);
  CHECK(reader.live());
  for (const int reason : {0, 13, 15, 99}) flowtap_flow_close(endpoint.open(), static_cast<flowtap_reason>(reason), 0);
  CHECK(reader.closed(4));
  for (const auto& [id, seen] : reader.flows) CHECK(seen.closed.reason == wire::CloseReason::kProxyError);
}

}  // namespace
