// Every flow's process, against what the captured programs say of themselves.
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "sysext/linux/daemon/held_syn.h"
#include "sysext/test/launcher/captured.h"

using namespace flowtap;
using namespace flowtap::test;

namespace {

/// Runs a captured client and CHECKs that each of `expected` flows belongs to the process that says so.
std::vector<Seen> attributed(const std::vector<std::string>& arguments, size_t expected) {
  Captured captured(client(arguments));
  if (!captured) return {};
  const Result result = captured.finish();
  CHECK(eventually([&] { return captured.seen().size() >= expected; }));  // some do not wait for an answer
  CHECK_EQ(result.status, 0);
  if (result.status != 0) std::printf("  %s%s\n", result.out.c_str(), result.err.c_str());
  auto seen = captured.seen();
  CHECK_EQ(seen.size(), expected);
  size_t missed = 0, wrong = 0;
  for (const auto& flow : seen) {
    if (!flow.process) missed++;
    else if (flow.process->pid != flow.claimedPid) wrong++;
  }
  CHECK_EQ(missed, 0u);
  CHECK_EQ(wrong, 0u);
  if (missed || wrong) std::printf("  of %zu flows: %zu missed, %zu wrong\n", seen.size(), missed, wrong);
  return seen;
}

size_t distinct(const std::vector<Seen>& seen) {
  std::set<uint32_t> pids;
  for (const auto& flow : seen) pids.insert(flow.claimedPid);
  return pids.size();
}

/// Whether this kernel can hold packets.
bool holds() {
  Captured captured({"/bin/true"});
  return captured && captured.handover().sockets.count(wire::SocketRole::kNfqueue4);
}

std::string baseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

TEST("a single process, with its name, path, arguments, user and parents") {
  char before[16] = {};
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, "MainThread");  // as some runtimes do; the program has its name all the same
  const auto seen = attributed({"tcp", "192.0.2.1", "80"}, 1);
  ::prctl(PR_SET_NAME, before);
  if (seen.empty() || !seen[0].process) return;
  const auto& process = *seen[0].process;
  CHECK_EQ(process.name, baseName(self()));
  CHECK_EQ(process.path, self());
  CHECK_EQ(process.arguments, client({"tcp", "192.0.2.1", "80"}));
  CHECK_EQ(process.uid, ::geteuid());
  CHECK(!process.ancestors.empty());
  if (process.ancestors.empty()) return;
  CHECK_EQ(process.ancestors[0].pid, static_cast<uint32_t>(::getpid()));
  CHECK_EQ(process.ancestors[0].name, baseName(self()));
  CHECK_EQ(process.ancestors.back().pid, 1u);
}

TEST("a burst of 1,000 connections from 100 processes") {
  CHECK_EQ(distinct(attributed({"burst", "192.0.2.1", "443", "100", "10"}, 1000)), 100u);
}

TEST("a burst of 1,000 connections over IPv6 from 100 processes") {
  CHECK_EQ(distinct(attributed({"burst", "::1", "443", "100", "10"}, 1000)), 100u);
}

TEST("1,000 datagram conversations of 100 processes, connected and not") {
  CHECK_EQ(distinct(attributed({"burst-udp", "192.0.2.1", "53", "100", "10"}, 1000)), 100u);
}

TEST("processes that live for one connection") {
  CHECK_EQ(distinct(attributed({"short", "192.0.2.1", "80", "300"}, 300)), 300u);
}

TEST("300 processes that are gone before their connection is accepted") {
  if (!holds()) SKIP("this kernel cannot hold packets (neither nft_queue nor nft_compat with xt_NFQUEUE)");
  CHECK_EQ(distinct(attributed({"forget", "192.0.2.1", "80", "300"}, 300)), 300u);
  CHECK_EQ(distinct(attributed({"forget", "::1", "80", "100"}, 100)), 100u);
}

TEST("connections pass unheld where the proxy has closed the queues") {
  Captured captured(client({"tcp", "192.0.2.1", "80"}));
  if (!captured) return;
  captured.handover().sockets.erase(wire::SocketRole::kNfqueue4);
  captured.handover().sockets.erase(wire::SocketRole::kNfqueue6);
  CHECK_EQ(captured.finish().out, "192.0.2.1:80\n");
}

TEST("a held connection goes on when it is let go, and not before") {
  Captured captured(client({"tcp", "192.0.2.1", "80"}));
  if (!captured) return;
  auto& handover = captured.handover();
  const int queue = handover.fd(wire::SocketRole::kNfqueue4);
  if (queue < 0) SKIP("this kernel cannot hold packets");
  handover.accept();
  char data[1024];
  ssize_t size = 0;
  CHECK(eventually([&] { return (size = ::recv(queue, data, sizeof data, MSG_DONTWAIT)) > 0; }));
  const auto syn = linux_::parseHeldSyn(data, static_cast<size_t>(size));
  CHECK(syn.has_value());
  if (!syn) return;
  CHECK_EQ(text(syn->server), "192.0.2.1:80");
  CHECK_EQ(::accept(handover.fd(wire::SocketRole::kTcp4Listener), nullptr, nullptr), -1);
  const std::string verdict = linux_::releaseUpTo(4, syn->id);
  CHECK(::send(queue, verdict.data(), verdict.size(), 0) > 0);
  CHECK_EQ(captured.finish().out, "192.0.2.1:80\n");
}

TEST("a reset for want of a socket is held, and told from a right one") {
  Captured captured(client({"tcp", "192.0.2.1", "80"}));
  if (!captured) return;
  auto& handover = captured.handover();
  const int queue = handover.fd(wire::SocketRole::kNfqueue4);
  if (queue < 0) SKIP("this kernel cannot hold packets");
  handover.accept();
  char data[1024];
  const auto next = [&]() -> std::optional<linux_::HeldSyn> {
    ssize_t size = 0;
    CHECK(eventually([&] { return (size = ::recv(queue, data, sizeof data, MSG_DONTWAIT)) > 0; }));
    return linux_::parseHeldSyn(data, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  };
  const auto decide = [&](const linux_::HeldSyn& packet, linux_::Verdict verdict) {
    std::string message;
    linux_::appendVerdict(message, 4, packet.id, verdict);
    CHECK(::send(queue, message.data(), message.size(), 0) > 0);
  };
  const auto syn = next();
  CHECK(syn && !syn->isReset);
  if (!syn) return;
  decide(*syn, linux_::Verdict::kPass);
  Fd accepted;
  CHECK(eventually([&] {
    accepted.reset(::accept4(handover.fd(wire::SocketRole::kTcp4Listener), nullptr, nullptr, SOCK_CLOEXEC));
    return static_cast<bool>(accepted);
  }));

  struct {
    iphdr ip;
    tcphdr tcp;
  } packet{};
  sockaddr_in from{}, to{};
  std::memcpy(&from, &syn->server, sizeof from);
  std::memcpy(&to, &syn->client, sizeof to);
  packet.ip.version = 4;
  packet.ip.ihl = 5;
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_TCP;
  packet.ip.tot_len = htons(sizeof packet);
  packet.ip.saddr = from.sin_addr.s_addr;
  packet.ip.daddr = to.sin_addr.s_addr;
  packet.tcp.source = from.sin_port;
  packet.tcp.dest = to.sin_port;
  packet.tcp.doff = 5;
  packet.tcp.rst = 1;
  linux_::SockDiag sockets(handover.fd(wire::SocketRole::kSockDiag));
  const auto isOpen = [&](const linux_::HeldSyn& reset) {
    const auto socket = sockets.find(wire::Protocol::kTcp, reset.client, reset.server);
    return socket && socket->isOpen;
  };
  const auto reset = [&] {
    CHECK(::sendto(handover.fd(wire::SocketRole::kRaw4), &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&to),
                   sizeof to) > 0);
    return next();
  };
  const auto wrong = reset();
  CHECK(wrong && wrong->isReset);
  if (!wrong) return;
  CHECK(isOpen(*wrong));
  decide(*wrong, linux_::Verdict::kDrop);
  CHECK(eventually([&] { return ::recv(accepted.get(), data, sizeof data, MSG_DONTWAIT) > 0; }));
  CHECK(::send(accepted.get(), "hello", 5, MSG_NOSIGNAL) == 5);
  accepted.reset();
  CHECK_EQ(captured.program().wait().out, "hello\n");
  const auto right = reset();
  CHECK(right && right->isReset);
  if (!right) return;
  CHECK(!isOpen(*right));
}

TEST("sockets that are asked for together") {
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  CHECK_EQ(::listen(listening.get(), 256), 0);
  CHECK_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);

  // More than go into one message, and every third one has ended.
  std::vector<Fd> open;
  std::vector<uint32_t> inodes;
  std::vector<linux_::SockDiag::Client> clients;
  for (int i = 0; i < 150; i++) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    linux_::SockDiag::Client client;
    size = sizeof client.address;
    CHECK_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&client.address), &size), 0);
    std::memcpy(&client.server, &address, sizeof address);
    struct stat found{};
    CHECK_EQ(::fstat(socket.get(), &found), 0);
    clients.push_back(client);
    inodes.push_back(i % 3 == 0 ? 0 : static_cast<uint32_t>(found.st_ino));
    if (i % 3 != 0) open.push_back(std::move(socket));
  }

  const Fd diag(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  // An answer that nobody has read.
  const nlmsghdr other{sizeof other, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 4711, 0};
  CHECK_EQ(::send(diag.get(), &other, sizeof other, 0), static_cast<ssize_t>(sizeof other));
  linux_::SockDiag sockets(diag.get());
  sockets.findAll(clients);
  size_t answered = 0, right = 0, same = 0;
  for (size_t i = 0; i < clients.size(); i++) {
    const auto& socket = clients[i].socket;
    answered += clients[i].answered;
    right += (socket ? socket->inode : 0) == inodes[i];
    const auto alone = sockets.find(wire::Protocol::kTcp, clients[i].address, clients[i].server);
    same += (alone ? alone->inode : 0) == inodes[i];
  }
  CHECK_EQ(answered, clients.size());
  CHECK_EQ(right, clients.size());
  CHECK_EQ(same, clients.size());
}

TEST("a thousand threads") { CHECK_EQ(distinct(attributed({"threads", "192.0.2.1", "80", "1000", "0"}, 1000)), 1u); }

TEST("threads whose main thread has ended") { attributed({"threads", "192.0.2.1", "80", "50", "1"}, 50); }

TEST("a socket that a child inherited belongs to the parent that connects it") {
  attributed({"inherited", "192.0.2.1", "80"}, 1);
}

TEST("processes with thousands of other sockets") {
  attributed({"crowded", "192.0.2.1", "80", "1", "800", "50"}, 50);
  CHECK_EQ(distinct(attributed({"crowded", "192.0.2.1", "80", "4", "800", "50"}, 200)), 4u);
}

TEST("a process that executes another program is known by its new name") {
  const Folder folder;
  ::chmod(folder.path().c_str(), 0755);
  CHECK_EQ(::symlink(self().c_str(), (folder / "a-rather-long-name").c_str()), 0);
  const auto seen =
      attributed({"then-exec", "192.0.2.1", "80", folder / "a-rather-long-name", "--client", "tcp", "192.0.2.1", "81"}, 2);
  if (seen.size() != 2 || !seen[0].process || !seen[1].process) return;
  CHECK_EQ(seen[0].claimedPid, seen[1].claimedPid);
  CHECK_EQ(seen[0].process->name, baseName(self()));
  CHECK_EQ(seen[1].process->name, "a-rather-long-name");
  CHECK_EQ(seen[1].process->arguments.back(), "81");
}

TEST("a shell's children, with the shell as their parent") {
  Captured captured({"/bin/sh", "-c", self() + " --client tcp 192.0.2.1 80; true"});
  if (!captured) return;
  CHECK_EQ(captured.finish().out, "192.0.2.1:80\n");
  const auto seen = captured.seen();
  CHECK_EQ(seen.size(), 1u);
  if (seen.size() != 1 || !seen[0].process || seen[0].process->ancestors.empty()) return;
  CHECK_EQ(seen[0].process->pid, seen[0].claimedPid);
  CHECK_EQ(seen[0].process->ancestors[0].pid, static_cast<uint32_t>(captured.program().pid()));
}

TEST("nothing is left open by look-ups") {
  Captured captured(client({"burst", "192.0.2.1", "80", "60", "2"}));
  if (!captured) return;
  const int before = openFds();
  CHECK_EQ(captured.finish().status, 0);
  CHECK_EQ(captured.seen().size(), 120u);
  // The program's two output pipes are open all along; Attribution keeps one descriptor for the newest pid, and one for
  // each of the first 16 processes that it knows.
  CHECK(openFds() <= before + 1 + 16);
}
