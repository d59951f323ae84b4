// Options, log, packets.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>

#include "native/test/check.h"
#include "native/test/folder.h"
#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/log.h"
#include "sysext/linux/daemon/options.h"
#include "sysext/linux/daemon/raw_packet.h"

namespace {

using namespace flowtap;
using namespace flowtap::daemon;

Options parse(std::vector<const char*> words, std::map<std::string, const char*> variables = {}) {
  words.insert(words.begin(), "flowtapd");
  return parseOptions(static_cast<int>(words.size()), const_cast<char**>(words.data()), [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second;
  });
}

TEST("options are read") {
  const auto options = parse({"--foreground", "--idle-exit", "5", "--max-flows", "7", "--queue", "1048576", "--log", "x"});
  CHECK(options.action == Options::Action::kForeground);
  CHECK_EQ(options.idleExitSeconds, 5u);
  CHECK_EQ(options.limits.flows, 7u);
  CHECK_EQ(options.limits.queueBytes, 1u << 20);
  CHECK(options.limits.bodyShare < options.limits.queueBytes);
  CHECK_EQ(options.log, "x");
  CHECK(parse({}).action == Options::Action::kStart);
  CHECK(parse({"--ensure"}).action == Options::Action::kEnsure);
}

TEST("limits come from the environment too; an option goes before") {
  const auto options = parse({"--max-flows", "7"}, {{"FLOWTAP_MAX_FLOWS", "9"},
                                                    {"FLOWTAP_BODY_LIMIT", "65536"},
                                                    {"FLOWTAP_RELAY_BUDGET", "2097152"},
                                                    {"FLOWTAP_UDP_IDLE", ""}});
  CHECK_EQ(options.limits.flows, 7u);
  CHECK_EQ(options.limits.bodyLimit, 65536u);
  CHECK_EQ(options.limits.relayBudget, 2u << 20);
  CHECK_EQ(options.limits.datagramIdleMillis, 60'000u);
  const auto wrong = parse({}, {{"FLOWTAP_MAX_CLIENTS", "many"}});
  CHECK(wrong.action == Options::Action::kInvalid);
  CHECK_CONTAINS(wrong.problem, "FLOWTAP_MAX_CLIENTS needs a whole number from 1 to 10000");
}

TEST("what an option cannot be is named with what it can be") {
  const std::pair<std::vector<const char*>, const char*> bad[] = {
      {{"--max-flows", "0"}, "--max-flows needs a whole number from 1 to"},
      {{"--max-flows", "-1"}, "--max-flows"},
      {{"--max-flows", "1x"}, "--max-flows"},
      {{"--max-flows", "99999999999999999999"}, "--max-flows"},
      {{"--max-flows"}, "--max-flows"},
      {{"--udp-idle", ""}, "--udp-idle"},
      {{"--log"}, "--log needs a file"},
      {{"--what"}, "unknown option --what"},
  };
  for (const auto& [words, problem] : bad) {
    const auto options = parse(words);
    CHECK(options.action == Options::Action::kInvalid);
    CHECK_CONTAINS(options.problem, problem);
  }
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST("a log line is one line, and a long log makes room") {
  const test::Folder folder;
  const std::string path = folder / "log";
  Log(path).write("two\nlines\x1b[31m");
  CHECK_CONTAINS(contents(path), "Z two?lines?[31m\n");
  std::ofstream(path, std::ios::app) << std::string(2 << 20, 'x');
  Log(path).write("fresh");
  CHECK(contents(path).size() < 100);
  CHECK(contents(path + ".1").size() > 2u << 20);
}

TEST("a log does not follow a symbolic link") {
  const test::Folder folder;
  const std::string path = folder / "log", target = folder / "target";
  CHECK(::symlink(target.c_str(), path.c_str()) == 0);
  Log(path).write("x");
  CHECK(::access(target.c_str(), F_OK) != 0);
}

TEST("checksums are those of RFC 1071, in parts too") {
  const unsigned char data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK_EQ(checksum(data, 8, 0), 0xddf2u);  // the example of section 3
  CHECK_EQ(checksum(data + 4, 4, checksum(data, 4, 0)), 0xddf2u);
  CHECK_EQ(checksum(data, 3, 0), 0xf201u);  // an odd byte counts as the high one
}

TEST("addresses survive the way through the kernel's form") {
  for (const uint8_t size : {uint8_t{4}, uint8_t{16}}) {
    core::Address address;
    address.size = size;
    address.port = 65535;
    for (uint8_t i = 0; i < size; i++) address.bytes[i] = static_cast<uint8_t>(200 + i);
    CHECK(toAddress(toSockaddr(address)) == address);
  }
}

/// A packet socket's view of what a raw socket sends over loopback; needs root, so it is skipped elsewhere.
TEST("replies carry the server's address and a good checksum") {
  for (const int family : {AF_INET, AF_INET6}) {
    const Fd raw(::socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!raw) SKIP("raw sockets need root");
    Fd receiver(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    core::Address local;
    local.size = family == AF_INET ? 4 : 16;
    if (family == AF_INET)
      local.bytes = {127, 0, 0, 1};
    else
      local.bytes[15] = 1;
    sockaddr_storage bound = toSockaddr(local);
    if (::bind(receiver.get(), reinterpret_cast<sockaddr*>(&bound), sizeOf(bound)) != 0) continue;  // no IPv6 here
    socklen_t length = sizeof bound;
    ::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    const core::Address client = toAddress(bound);
    core::Address server = local;
    server.port = 5353;
    const timeval patience{5, 0};
    ::setsockopt(receiver.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    // The kernel drops IPv6 datagrams with a wrong checksum, odd sizes included.
    for (const size_t size : {size_t{0}, size_t{1}, size_t{2}, size_t{1399}, size_t{65000}}) {
      std::vector<char> buffer(kPacketHeadroom + size, 'd');
      CHECK_EQ(sendUdp(raw.get(), server, client, buffer.data() + kPacketHeadroom, size), 0);
      std::vector<char> got(70'000);
      sockaddr_storage from{};
      socklen_t fromSize = sizeof from;
      const ssize_t n = ::recvfrom(receiver.get(), got.data(), got.size(), 0, reinterpret_cast<sockaddr*>(&from), &fromSize);
      CHECK_EQ(n, static_cast<ssize_t>(size));
      CHECK(toAddress(from) == server);
    }
    // And the news of a closed port reaches a connected socket.
    core::Address closed = local;
    closed.port = 9;
    const sockaddr_storage to = toSockaddr(closed);
    CHECK(::connect(receiver.get(), reinterpret_cast<const sockaddr*>(&to), sizeOf(to)) == 0);
    CHECK_EQ(sendPortUnreachable(raw.get(), closed, client), 0);
    char byte;
    CHECK(::recv(receiver.get(), &byte, 1, 0) < 0 && errno == ECONNREFUSED);
  }
}

TEST("a datagram that no packet can hold is refused") {
  core::Address a, b;
  a.size = b.size = 4;
  std::vector<char> buffer(kPacketHeadroom + 70'000);
  CHECK_EQ(sendUdp(-1, a, b, buffer.data() + kPacketHeadroom, 65'508), EMSGSIZE);
  a.size = b.size = 16;
  CHECK_EQ(sendUdp(-1, a, b, buffer.data() + kPacketHeadroom, 65'528), EMSGSIZE);
}

}  // namespace
