// The parts that read what the kernel writes.
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <cstdlib>
#include <cstring>
#include <random>

#include "native/test/check.h"
#include "native/test/folder.h"
#include "sysext/linux/daemon/held_syn.h"
#include "sysext/linux/daemon/process_info.h"
#include "sysext/linux/daemon/sock_diag.h"
#include "sysext/linux/netlink.h"
#include "sysext/linux/runtime_directory.h"
#include "sysext/test/launcher/proxy.h"

using namespace flowtap;
using namespace flowtap::test;
using linux_::DiagAnswer;
using linux_::SocketIdentity;

namespace {

std::string diagAnswer(uint32_t sequence, uint8_t state, uint16_t port, uint32_t inode) {
  struct {
    nlmsghdr header;
    inet_diag_msg body;
  } answer{};
  answer.header.nlmsg_len = sizeof answer;
  answer.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  answer.header.nlmsg_seq = sequence;
  answer.body.idiag_state = state;
  answer.body.id.idiag_sport = htons(port);
  answer.body.idiag_inode = inode;
  answer.body.idiag_uid = 1000;
  return std::string(reinterpret_cast<const char*>(&answer), sizeof answer);
}

/// A SYN from 10.0.0.1:1234 (fd00::1) to 10.0.0.2:80 (fd00::2) as packet 77 of a queue.
std::string heldPacket(bool v6, uint8_t flags = TH_SYN) {
  std::string ip(v6 ? 40 : 20, '\0');
  if (v6) {
    ip[0] = 0x60;
    ip[6] = IPPROTO_TCP;
    ip[8] = ip[24] = '\xfd';
    ip[23] = 1;
    ip[39] = 2;
  } else {
    ip[0] = 0x45;
    ip[9] = IPPROTO_TCP;
    ip[12] = ip[16] = 10;
    ip[15] = 1;
    ip[19] = 2;
  }
  ip += std::string("\x04\xd2\0\x50\0\0\x12\x34", 8) + std::string(5, '\0') + static_cast<char>(flags) + std::string(6, '\0');
  linux_::NetlinkMessage message(NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET, 0, nfgenmsg{});
  const nfqnl_msg_packet_hdr number{htonl(77), 0, 0};
  message.attribute(NFQA_PACKET_HDR, &number, sizeof number);
  message.attribute(NFQA_PAYLOAD, ip.data(), ip.size());
  return message.bytes(0);
}

}  // namespace

TEST("a held packet's number and addresses") {
  for (const bool v6 : {false, true}) {
    const std::string bytes = heldPacket(v6);
    const auto syn = linux_::parseHeldSyn(bytes.data(), bytes.size());
    CHECK(syn.has_value());
    if (!syn) return;
    CHECK_EQ(syn->id, 77u);
    CHECK_EQ(text(syn->client), v6 ? "[fd00::1]:1234" : "10.0.0.1:1234");
    CHECK_EQ(text(syn->server), v6 ? "[fd00::2]:80" : "10.0.0.2:80");
    CHECK_EQ(syn->sequence, 0x1234u);
    CHECK(!syn->isLocal);
    CHECK(!syn->isReset);
  }
  const std::string reset = heldPacket(false, TH_RST);
  const auto held = linux_::parseHeldSyn(reset.data(), reset.size());
  CHECK(held && held->isReset);
  const std::string other = diagAnswer(7, 1, 4711, 99);
  CHECK(!linux_::parseHeldSyn(other.data(), other.size()));
}

TEST("a sock_diag answer belongs to its request, its port and a connection") {
  const auto parse = [](const std::string& bytes, SocketIdentity& identity) {
    return linux_::parseDiagAnswer(bytes.data(), bytes.size(), 7, htons(4711), identity);
  };
  SocketIdentity identity;
  CHECK(parse(diagAnswer(7, 1, 4711, 99), identity) == DiagAnswer::kFound);
  CHECK_EQ(identity.inode, 99u);
  CHECK_EQ(identity.uid, 1000u);
  CHECK(identity.isOpen);
  CHECK(parse(diagAnswer(7, 8, 4711, 99), identity) == DiagAnswer::kFound);  // the peer has sent its end
  CHECK(!identity.isOpen);
  CHECK(parse(diagAnswer(6, 1, 4711, 99), identity) == DiagAnswer::kOther);
  CHECK(parse(diagAnswer(7, 10, 4711, 99), identity) == DiagAnswer::kNone);
  CHECK(parse(diagAnswer(7, 1, 4712, 99), identity) == DiagAnswer::kNone);
}

TEST("a look-up of a listener is answered by a listener only") {
  const auto parse = [](const std::string& bytes) {
    return linux_::parseListenerAnswer(bytes.data(), bytes.size(), 7, htons(4711));
  };
  CHECK(parse(diagAnswer(7, 10, 4711, 99)) == DiagAnswer::kFound);
  CHECK(parse(diagAnswer(7, 1, 4711, 99)) == DiagAnswer::kNone);
  CHECK(parse(diagAnswer(7, 10, 4712, 99)) == DiagAnswer::kNone);
  CHECK(parse(diagAnswer(6, 10, 4711, 99)) == DiagAnswer::kOther);
}

TEST("a list of listeners is read to its end, and no further than it is whole") {
  std::vector<linux_::ListeningSocket> found;
  const auto parse = [&found](const std::string& bytes) {
    found.clear();
    return linux_::parseListeners(bytes.data(), bytes.size(), 7, found);
  };
  const std::string two = diagAnswer(7, 10, 80, 1) + diagAnswer(7, 10, 443, 2);
  const std::string end = linux_::NetlinkMessage(NLMSG_DONE, 0, uint32_t{0}).bytes(7);
  CHECK(parse(two) == DiagAnswer::kFound);
  CHECK_EQ(found.size(), 2u);
  CHECK(parse(two + end) == DiagAnswer::kNone);
  CHECK_EQ(found.size(), 2u);
  CHECK_EQ(found.size() == 2 ? found[1].inode : 0, 2u);
  CHECK(parse(diagAnswer(7, 1, 80, 1)) == DiagAnswer::kFound);  // no listener
  CHECK_EQ(found.size(), 0u);
  CHECK(parse(diagAnswer(6, 10, 80, 1)) == DiagAnswer::kOther);
  CHECK(!parse(two.substr(0, two.size() - 1)));
  CHECK(!parse(linux_::NetlinkMessage(NLMSG_ERROR, 0, uint32_t{1}).bytes(7)));
}

TEST("verdicts can be sent together") {
  std::string messages;
  for (const auto verdict : {linux_::Verdict::kPass, linux_::Verdict::kPassInside, linux_::Verdict::kDrop})
    linux_::appendVerdict(messages, 4, 77, verdict);
  size_t at = 0, count = 0;
  for (nlmsghdr header; at + sizeof header <= messages.size(); at += NLMSG_ALIGN(header.nlmsg_len), count++) {
    std::memcpy(&header, messages.data() + at, sizeof header);
    CHECK_EQ(header.nlmsg_type, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT);
    constexpr size_t kStart = NLMSG_HDRLEN + sizeof(nfgenmsg);
    linux_::forEachAttribute(messages.data() + at + kStart, header.nlmsg_len - kStart,
                             [&](uint16_t type, const void* value, size_t size) {
                               nfqnl_msg_verdict_hdr verdict;
                               if (type == NFQA_MARK) CHECK_EQ(count, 1u);
                               if (type != NFQA_VERDICT_HDR || size != sizeof verdict) return;
                               std::memcpy(&verdict, value, sizeof verdict);
                               CHECK_EQ(ntohl(verdict.id), 77u);
                               CHECK_EQ(ntohl(verdict.verdict), static_cast<uint32_t>(count == 2 ? NF_DROP : NF_ACCEPT));
                             });
  }
  CHECK_EQ(count, 3u);
  CHECK_EQ(at, messages.size());
}

TEST("no bytes crash the readers of netlink and /proc") {
  std::mt19937 random(20240601);
  for (int round = 0; round < 20000; round++) {
    std::string bytes = diagAnswer(7, 1, 4711, 99);
    bytes.resize(random() % (bytes.size() + 1));
    for (int i = 0; i < 4 && !bytes.empty(); i++) bytes[random() % bytes.size()] = static_cast<char>(random());
    // On the heap and of its exact size, so that a read beyond it is seen.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    SocketIdentity identity;
    linux_::parseDiagAnswer(exact.data(), exact.size(), 7, htons(4711), identity);
    std::vector<linux_::ListeningSocket> listening;
    linux_::parseListeners(exact.data(), exact.size(), 7, listening);
    size_t inside = 0;
    linux_::forEachAttribute(exact.data(), exact.size(), [&](uint16_t, const void* value, size_t size) {
      CHECK(static_cast<const char*>(value) + size <= exact.data() + exact.size());
      inside += size;
    });
    CHECK(inside <= exact.size());
    std::string held = heldPacket(round % 2 == 0);
    held.resize(random() % (held.size() + 1));
    for (int i = 0; i < 4 && !held.empty(); i++) held[random() % held.size()] = static_cast<char>(random());
    const std::vector<char> exactHeld(held.begin(), held.end());
    linux_::parseHeldSyn(exactHeld.data(), exactHeld.size());
    linux_::ProcessStat stat;
    std::string line = "1 (a b) S 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 4242 21";
    line.resize(random() % (line.size() + 1));
    for (int i = 0; i < 3 && !line.empty(); i++) line[random() % line.size()] = static_cast<char>(random());
    linux_::parseStat(line, stat);
  }
}

TEST("/proc/PID/stat of a process with an awkward name") {
  linux_::ProcessStat stat;
  std::string line = "4711 (a) R (b) S 17";
  for (int field = 5; field <= 52; field++) line += " " + std::to_string(field * 10);
  CHECK(linux_::parseStat(line, stat));
  CHECK_EQ(stat.name, "a) R (b");
  CHECK_EQ(stat.parent, 17);
  CHECK_EQ(stat.startTime, 220u);
  CHECK_EQ(stat.stackAt, 280u);
  CHECK_EQ(stat.argumentsAt, 480u);
  for (const char* bad : {"", "4711", "4711 (a", "4711 (a)", "4711 (a) S", "4711 (a) S 1 2 3"})
    CHECK(!linux_::parseStat(bad, stat));
}

TEST("a program's name is whole, and no thread's") {
  using linux_::programName;
  CHECK_EQ(programName("curl", "/usr/bin/curl", {"curl", "-s"}), "curl");
  CHECK_EQ(programName("code-tunnel-hel", "/opt/code-tunnel-helper", {"x"}), "code-tunnel-helper");
  CHECK_EQ(programName("wget", "/bin/busybox", {"wget", "http://x"}), "wget");
  CHECK_EQ(programName("fetch-things.p", "/usr/bin/python3", {"/usr/bin/python3", "./fetch-things.p"}), "fetch-things.p");
  CHECK_EQ(programName("MainThread", "/usr/bin/node", {"node", "server.js"}), "node");
  CHECK_EQ(programName("kworker/0:1", "", {}), "kworker/0:1");
}

TEST("attributes nest, and numbers are in network order where nf_tables wants them") {
  const uint32_t header = 0;
  linux_::NetlinkMessage message(5, NLM_F_ACK, header);
  {
    const auto outer = message.nest(1);
    message.text(2, "abc");
    const auto inner = message.nest(3);
    message.networkNumber(4, 0x01020304);
  }
  message.number(6, 1);
  const std::string bytes = message.bytes(9);
  nlmsghdr start{};
  std::memcpy(&start, bytes.data(), sizeof start);
  CHECK_EQ(start.nlmsg_len, bytes.size());
  CHECK_EQ(start.nlmsg_seq, 9u);
  CHECK_EQ(start.nlmsg_flags, NLM_F_ACK | NLM_F_REQUEST);
  std::string shape;
  linux_::forEachAttribute(bytes.data() + 20, bytes.size() - 20, [&](uint16_t type, const void* value, size_t size) {
    shape += std::to_string(type) + "[";
    if (type == 1)
      linux_::forEachAttribute(value, size, [&](uint16_t innerType, const void*, size_t innerSize) {
        shape += std::to_string(innerType) + ":" + std::to_string(innerSize) + " ";
      });
    shape += "]";
  });
  CHECK_EQ(shape, "1[2:4 3:8 ]6[]");
  CHECK(bytes.find(std::string("\1\2\3\4", 4)) != std::string::npos);
}

TEST("the run-time folder: the variables, and whose they are") {
  const Folder folder;
  const std::string fallback = "/tmp/flowtap-" + std::to_string(::geteuid());
  ::unsetenv("FLOWTAP_RUNTIME_DIR");
  ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  CHECK_EQ(linux_::runtimeDirectory(), folder / "flowtap");
  for (const char* unusable : {"", "relative", "/no/such/folder", "/proc/1/root/../.."}) {
    if (::geteuid() == 0 && std::strstr(unusable, "..")) continue;  // root owns /
    ::setenv("XDG_RUNTIME_DIR", unusable, 1);
    CHECK_EQ(linux_::runtimeDirectory(), fallback);
  }
  ::unsetenv("XDG_RUNTIME_DIR");
  CHECK_EQ(linux_::runtimeDirectory(), fallback);
  ::setenv("FLOWTAP_RUNTIME_DIR", "/some/where", 1);
  CHECK_EQ(linux_::proxySocketPath(), "/some/where/proxy.sock");
  ::unsetenv("FLOWTAP_RUNTIME_DIR");
}
