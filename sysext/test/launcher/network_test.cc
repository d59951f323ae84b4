// The network inside: what is steered to the proxy, what stays, and what the host's own network changes about it.
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "sysext/linux/daemon/raw_packet.h"
#include "sysext/linux/launcher/host_network.h"
#include "sysext/linux/launcher/inner_network.h"
#include "sysext/linux/launcher/namespaces.h"
#include "sysext/linux/launcher/problem.h"
#include "sysext/test/launcher/captured.h"

using namespace flowtap;
using namespace flowtap::test;
using linux_::HostNetwork;

namespace {

/// Lets CAP_NET_ADMIN of a new user namespace survive exec.
bool keepNetAdmin() {
  if (::geteuid() == 0) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  sets[0].effective = sets[0].permitted = sets[0].inheritable = 1u << CAP_NET_ADMIN;
  return ::syscall(SYS_capset, &header, sets) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0;
}

/// Runs a command with CAP_NET_ADMIN in the network of a captured process of this user.
Result runInside(pid_t pid, const std::vector<std::string>& command) {
  Program program({command, {}, [pid] {
                     const std::string folder = "/proc/" + std::to_string(pid) + "/ns/";
                     const Fd user(::open((folder + "user").c_str(), O_RDONLY | O_CLOEXEC));
                     const Fd network(::open((folder + "net").c_str(), O_RDONLY | O_CLOEXEC));
                     if (::geteuid() != 0 && ::setns(user.get(), CLONE_NEWUSER) != 0) return false;
                     return ::setns(network.get(), CLONE_NEWNET) == 0 && keepNetAdmin();
                   }, ""});
  return program.wait();
}

bool present(const std::string& program) {
  Program which({{"/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin command -v " + program}, {}, nullptr, ""});
  return which.wait().status == 0;
}

std::string printed(int family, const void* address) {
  char buffer[INET6_ADDRSTRLEN];
  return ::inet_ntop(family, address, buffer, sizeof buffer);
}

/// The rules as nft lists them after it has read them from `text`, in a network of its own.
std::string asNftMakes(const std::string& text) {
  Program program({{"/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; nft -f - && exec nft list table inet flowtap"}, {}, [] {
                     linux_::enterNamespaces();
                     return keepNetAdmin();
                   }, text});
  const Result result = program.wait();
  CHECK_EQ(result.err, "");
  return result.out;
}

/// Moves the child into a network that pretends to be a host's.
bool pretend(const HostNetwork& host) {
  linux_::enterNamespaces();
  linux_::setUpInnerNetwork(host, {});
  if (!host.ipv6Routes.empty() || host.ipv4.s_addr != 0) linux_::routeEverything(host, wire::Mode::kRedirect);
  return true;
}

/// A network with a loopback and nothing else.
bool loopbackOnly() {
  linux_::enterNamespaces();
  const Fd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

HostNetwork smallHost() {
  HostNetwork host;
  ::inet_pton(AF_INET, "10.1.2.3", &host.ipv4);
  host.ipv6Loopback = true;
  host.ipv6.emplace();
  ::inet_pton(AF_INET6, "fd12::5", &*host.ipv6);
  linux_::Ipv6Prefix prefix;
  ::inet_pton(AF_INET6, "fd12::", &prefix.address);
  prefix.length = 16;
  host.ipv6Routes = {prefix};
  return host;
}

}  // namespace

TEST("TCP and UDP reach the proxy with their original destinations") {
  CHECK_EQ(output({"tcp", "192.0.2.1", "80"}), "192.0.2.1:80\n");
  CHECK_EQ(output({"udp", "192.0.2.1", "53"}), "192.0.2.1:53 from 192.0.2.1:53\n");
  CHECK_EQ(output({"udp-connected", "192.0.2.1", "53"}), "192.0.2.1:53\n");
  if (!linux_::readHostNetwork().ipv6) SKIP("this machine has no IPv6");
  const auto host = linux_::readHostNetwork();
  if (host.ipv6Routes.size() != 1 || host.ipv6Routes[0].length != 0) SKIP("this machine has no default IPv6 route");
  CHECK_EQ(output({"tcp", "2001:db8::1", "80"}), "[2001:db8::1]:80\n");
  CHECK_EQ(output({"udp", "2001:db8::1", "53"}), "[2001:db8::1]:53 from [2001:db8::1]:53\n");
}

TEST("a program's own address is the host's") {
  Captured captured(client({"tcp", "192.0.2.1", "80"}));
  if (!captured) return;
  captured.finish();
  const auto host = linux_::readHostNetwork();
  CHECK_EQ(captured.seen().size(), 1u);
  for (const auto& seen : captured.seen()) CHECK_CONTAINS(seen.client, printed(AF_INET, &host.ipv4) + ":");
}

TEST("the host's localhost is reached") {
  CHECK_EQ(output({"tcp", "127.0.0.1", "8080"}), "127.0.0.1:8080\n");
  CHECK_EQ(output({"tcp", "127.0.0.53", "53"}), "127.0.0.53:53\n");
  CHECK_EQ(output({"udp", "127.0.0.53", "53"}), "127.0.0.53:53 from 127.0.0.53:53\n");
  CHECK_EQ(output({"udp-connected", "127.0.0.1", "9000"}), "127.0.0.1:9000\n");
  if (!linux_::readHostNetwork().ipv6Loopback) SKIP("this machine has no ::1");
  CHECK_EQ(output({"tcp", "::1", "8080"}), "[::1]:8080\n");
  CHECK_EQ(output({"udp", "::1", "9000"}), "[::1]:9000 from [::1]:9000\n");
}

TEST("a listener inside wins over the host's localhost") {
  const auto host = linux_::readHostNetwork();
  const std::string own = printed(AF_INET, &host.ipv4);
  for (const std::string type : {"serve-tcp", "serve-udp"}) {
    CHECK_EQ(output({type, "127.0.0.1", "127.0.0.1"}), "inside\n");
    CHECK_EQ(output({type, "0.0.0.0", "127.0.0.2"}), "inside\n");
    CHECK_EQ(output({type, "0.0.0.0", own}), "inside\n");
    if (host.ipv6Loopback) CHECK_EQ(output({type, "::1", "::1"}), "inside\n");
    if (host.ipv6Loopback) CHECK_EQ(output({type, "::", "127.0.0.1"}), "inside\n");
    if (host.ipv6) CHECK_EQ(output({type, "::", printed(AF_INET6, &*host.ipv6)}), "inside\n");
  }
}

TEST("a server inside does not take what is meant for others") {
  // The server listens on every address, and somebody else's is asked for.
  CHECK_CONTAINS(output({"serve-tcp", "0.0.0.0", "192.0.2.9"}), "the server: Resource temporarily unavailable");
}

TEST("a reply that comes too late does not come back as a new conversation") {
  Captured captured({"/bin/sh", "-c", "sleep 1000"});
  if (!captured) return;
  auto& handover = captured.handover();
  const auto host = linux_::readHostNetwork();
  const auto nobody = address(printed(AF_INET, &host.ipv4), 33333);
  char packet[daemon::kPacketHeadroom + 4] = {};
  CHECK_EQ(daemon::sendUdp(handover.fd(wire::SocketRole::kRaw4), coreAddress(address("192.0.2.1", 53)),
                           coreAddress(nobody), packet + daemon::kPacketHeadroom, 4),
           0);
  // lo delivers inside of send, so it would be here.
  char byte;
  CHECK_EQ(::recv(handover.fd(wire::SocketRole::kUdp4), &byte, 1, MSG_DONTWAIT), -1);
}

TEST("other users' servers and pings of the world are not answered by the namespace itself") {
  if (::geteuid() != 0) SKIP("a raw socket to ping with is open to root only");
  CHECK_EQ(output({"ping", "192.0.2.1"}), "sendto: Operation not permitted\n");
  CHECK_EQ(output({"ping", "127.0.0.1"}), "sent\n");
}

TEST("REDIRECT: TCP with its original destination, UDP refused at once") {
  Captured captured(client({"tcp", "192.0.2.1", "80"}), {"--mode", "redirect"});
  if (!captured) return;
  CHECK(captured.handover().attach.mode == wire::Mode::kRedirect);
  CHECK(!captured.handover().sockets.count(wire::SocketRole::kUdp4));
  CHECK_EQ(captured.finish().out, "192.0.2.1:80\n");
  CHECK_EQ(captured.seen().size(), 1u);
  for (const auto& seen : captured.seen()) CHECK(seen.process && seen.process->pid == seen.claimedPid);
  CHECK_EQ(output({"tcp", "127.0.0.1", "8080"}, {"--mode", "redirect"}), "127.0.0.1:8080\n");
  CHECK_EQ(output({"udp", "192.0.2.1", "53"}, {"--mode", "redirect"}), "sendto: Operation not permitted\n");
  const auto host = linux_::readHostNetwork();
  if (host.ipv6Loopback) CHECK_EQ(output({"tcp", "::1", "8080"}, {"--mode", "redirect"}), "[::1]:8080\n");
  if (host.ipv6Routes.size() == 1 && host.ipv6Routes[0].length == 0)
    CHECK_EQ(output({"tcp", "2001:db8::1", "80"}, {"--mode", "redirect"}), "[2001:db8::1]:80\n");
}

TEST("EXPLICIT: no namespace, a port of its own, and the variables that lead to it") {
  Captured captured({"/bin/sh", "-c", "env; readlink /proc/self/ns/net"}, {"--mode", "explicit"});
  if (!captured) return;
  const auto& handover = captured.handover();
  CHECK(handover.attach.mode == wire::Mode::kExplicit);
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(handover.fd(wire::SocketRole::kTcp4Listener), reinterpret_cast<sockaddr*>(&at), &size);
  const std::string place = text(at);
  CHECK_CONTAINS(place, "127.0.0.1:");
  // A client of the port reaches whoever has the listener.
  const Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
  CHECK(Fd(::accept(handover.fd(wire::SocketRole::kTcp4Listener), nullptr, nullptr)).get() >= 0);
  const std::string out = "\n" + captured.finish().out;
  for (const std::string name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "npm_config_proxy", "npm_config_https_proxy"})
    CHECK_CONTAINS(out, "\n" + name + "=http://" + place + "\n");
  for (const std::string name : {"all_proxy", "ALL_PROXY"})
    CHECK_CONTAINS(out, "\n" + name + "=socks5h://" + place + "\n");
  for (const std::string line : {"no_proxy=", "NO_PROXY=", "npm_config_noproxy=", "NODE_USE_ENV_PROXY=1"})
    CHECK_CONTAINS(out, "\n" + line + "\n");
  char own[64]{};
  CHECK(::readlink("/proc/self/ns/net", own, sizeof own - 1) > 0);
  CHECK_CONTAINS(out, own);
}

TEST("EXPLICIT: a proxy that is named already is not pushed aside") {
  Program program({launcher({"--check", "--mode", "explicit"}, {}), {{"https_proxy", "http://proxy.example:3128"}}, nullptr, ""});
  const Result result = program.wait();
  CHECK_CONTAINS(result.out, "\"code\":\"explicit-second-proxy\"");
  CHECK_CONTAINS(result.out, "(https_proxy)");
}

TEST("the rules are what nft would make of their texts") {
  if (!present("nft")) SKIP("there is no nft program to list them");
  Captured captured({"/bin/sh", "-c", "sleep 1000"});
  if (!captured) return;
  const auto host = linux_::readHostNetwork();
  const std::string own6 = host.ipv6 ? "ip6 daddr " + printed(AF_INET6, &*host.ipv6) + " socket transparent 0 accept\n" : "";
  const Result listed = runInside(captured.program().pid(), {"/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin exec nft list table inet flowtap"});
  CHECK_EQ(listed.status, 0);
  CHECK_EQ(listed.err, "");
  const std::string expected = asNftMakes(
      "table inet flowtap {\n"
      "  chain steer {\n"
      "    type filter hook prerouting priority mangle; policy accept;\n"
      "    tcp flags & (syn | ack) != syn accept\n"
      "    meta mark 0x666c6f77 accept\n"
      "    ip daddr 127.0.0.0/8 socket transparent 0 accept\n"
      "    ip daddr " + printed(AF_INET, &host.ipv4) + " socket transparent 0 accept\n"
      "    ip6 daddr ::1 socket transparent 0 accept\n" + own6 +
      "    tcp flags & (syn | ack) == syn tproxy to :1 accept\n"
      "    meta l4proto udp tproxy to :1 accept\n"
      "  }\n"
      "  chain silence {\n"
      "    type filter hook output priority filter; policy accept;\n"
      "    meta l4proto tcp accept\n"
      "    ip daddr != 127.0.0.0/8 icmp type echo-request drop\n"
      "    ip6 daddr != ::1 icmpv6 type echo-request drop\n"
      "  }\n"
      "}\n");
  CHECK_EQ(listed.out, expected);
  if (listed.out != expected) std::printf("%s---\n%s", listed.out.c_str(), expected.c_str());
}

TEST("IPv6 is not offered inside where the host has none") {
  CHECK_EQ(output({"tcp", "2001:db8::1", "80"}, {}, loopbackOnly), "connect: Network is unreachable\n");
  CHECK_EQ(output({"tcp", "192.0.2.1", "80"}, {}, loopbackOnly), "192.0.2.1:80\n");
  CHECK_EQ(output({"tcp", "::1", "80"}, {}, loopbackOnly), "[::1]:80\n");
}

TEST("IPv6 is offered to where the host has routes") {
  const auto small = [] { return pretend(smallHost()); };
  CHECK_EQ(output({"tcp", "2001:db8::1", "80"}, {}, small), "connect: Network is unreachable\n");
  Captured captured(client({"tcp", "fd12::99", "80"}), {}, small);
  if (!captured) return;
  CHECK_EQ(captured.finish().out, "[fd12::99]:80\n");
  for (const auto& seen : captured.seen()) CHECK_CONTAINS(seen.client, "[fd12::5]:");
}

TEST("the host's port settings hold inside") {
  Captured captured({"/bin/cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "/proc/sys/net/ipv4/ip_local_port_range"}, {},
                    [] {
                      linux_::enterNamespaces();
                      const auto set = [](const char* path, const char* value) {
                        const Fd file(::open(path, O_WRONLY));
                        return ::write(file.get(), value, std::strlen(value)) > 0;
                      };
                      return set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80") &&
                             set("/proc/sys/net/ipv4/ip_local_port_range", "40000 50000");
                    });
  if (captured) CHECK_EQ(captured.finish().out, "80\n40000\t50000\n");
}
