// Why a capture is impossible: real limits where a test can set them, the system's settings otherwise.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>

#include "native/test/check.h"
#include "native/test/folder.h"
#include "sysext/linux/launcher/apparmor_profile.h"
#include "sysext/linux/launcher/problem.h"
#include "sysext/test/launcher/captured.h"
#include "sysext/test/launcher/program.h"

using namespace flowtap;
using namespace flowtap::test;
using linux_::explainNamespaceFailure;
using linux_::explainRulesFailure;

namespace {

/// A /proc with the given files.
struct FakeProc {
  Folder folder;
  FakeProc(std::initializer_list<std::pair<std::string, std::string>> files) {
    for (const auto& [name, text] : files) {
      const std::filesystem::path path = folder / name;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << text;
    }
  }
};

bool write(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY));
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// A user namespace of the test's own, in which no further one can be made.
bool forbidNamespaces() {
  const std::string map = std::to_string(::geteuid()) + " " + std::to_string(::geteuid()) + " 1";
  return ::unshare(CLONE_NEWUSER) == 0 && write("/proc/self/uid_map", map) &&
         write("/proc/sys/user/max_user_namespaces", "0") && write("/proc/sys/user/max_net_namespaces", "0");
}

/// A filter as a container has it: unshare() fails with EPERM.
bool filterUnshare() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof code / sizeof *code, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The same for netlink sockets of the packet filter, once namespaces are there.
bool filterNetfilter() {
  constexpr auto lowHalf = [](unsigned argument) {
    return static_cast<uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(uint64_t));  // little-endian
  };
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, lowHalf(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, lowHalf(2)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof code / sizeof *code, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

std::string check(std::function<bool()> before) {
  Program program({launcher({"--check"}, {}), {}, std::move(before), ""});
  const Result result = program.wait();
  CHECK_EQ(result.status, 0);
  CHECK_EQ(result.err, "");
  return result.out;
}

void checkOneLine(const std::string& json) { CHECK_EQ(json.find('\n'), json.size() - 1); }

}  // namespace

TEST("--check says which mode works, and what it does not see") {
  const std::string json = check(nullptr);
  checkOneLine(json);
  const auto answer = [&json](const char* holds) {
    const std::string mode = std::string("{\"mode\":\"tproxy\",\"holds\":") + holds;
    const std::string begin = mode + ",\"blindSpots\":[\"Only programs that ";
    const std::string end = "\"],\"problem\":null}\n";
    return json.compare(0, begin.size(), begin) == 0 && json.size() > end.size() &&
           json.compare(json.size() - end.size(), end.size(), end) == 0;
  };
  CHECK(answer("true") || answer("false"));
  CHECK_EQ(json.find("Packets are not held") == std::string::npos, answer("true"));
}

TEST("namespaces forbidden by their limits") {
  const std::string json = check(forbidNamespaces);
  checkOneLine(json);
  CHECK_CONTAINS(json, "\"mode\":\"explicit\"");
  CHECK_CONTAINS(json, "Only programs that obey http_proxy");
  CHECK_CONTAINS(json, "\"code\":\"userns-limit\"");
  CHECK_CONTAINS(json, "_namespaces = 0)");
  CHECK_CONTAINS(json, "sudo sysctl -w user.max_");
  CHECK_CONTAINS(json, "--mode explicit");
}

TEST("namespaces forbidden by a container's filter") {
  const std::string json = check(filterUnshare);
  checkOneLine(json);
  CHECK_CONTAINS(json, "\"code\":\"userns-seccomp\"");
  CHECK_CONTAINS(json, "seccomp=");
}

TEST("namespaces without a packet filter are left for the explicit proxy") {
  const std::string json = check(filterNetfilter);
  checkOneLine(json);
  CHECK_CONTAINS(json, "\"mode\":\"explicit\"");
  CHECK_CONTAINS(json, "\"code\":\"nftables-missing\"");
  CHECK_CONTAINS(json, "sudo modprobe -a nf_tables");
  // The command runs outside of them.
  const auto network = [] {
    char name[64] = "";
    return ::readlink("/proc/self/ns/net", name, sizeof name - 1) > 0 ? std::string(name) : "";
  };
  Captured captured({"readlink", "/proc/self/ns/net"}, {}, filterNetfilter);
  const Result result = captured.finish();
  CHECK_EQ(result.out, network() + "\n");
  CHECK_CONTAINS(result.err, "only programs that obey proxy variables are seen here");
}

TEST("a way of capturing that is asked for is the only one that is tried") {
  Program program({launcher({"--mode", "tproxy", "--check"}, {}), {}, filterNetfilter, ""});
  const Result result = program.wait();
  CHECK_CONTAINS(result.out, "{\"mode\":null,\"holds\":false,\"problem\":{\"code\":\"nftables-missing\"");
}

TEST("connections are not held where nobody wants it") {
  Program program({launcher({"--no-hold", "--check"}, {}), {}, nullptr, ""});
  const Result result = program.wait();
  CHECK_CONTAINS(result.out, "{\"mode\":\"tproxy\",\"holds\":false,");
  CHECK_CONTAINS(result.out, "Packets are not held");
  CHECK_CONTAINS(result.out, ",\"problem\":null}\n");
}

TEST("namespaces forbidden by a sysctl") {
  const FakeProc proc{{"sys/kernel/unprivileged_userns_clone", "0\n"}};
  const auto problem = explainNamespaceFailure("unshare", EPERM, proc.folder.path());
  CHECK_EQ(problem.code, "userns-sysctl");
  CHECK_CONTAINS(problem.text, "kernel.unprivileged_userns_clone=1");
  CHECK_CONTAINS(problem.text, "(unshare: Operation not permitted)");
}

TEST("namespaces forbidden by AppArmor, whichever step it stops") {
  const FakeProc proc{{"sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"},
                      {"sys/kernel/unprivileged_userns_clone", "1\n"}};
  for (const auto& problem : {explainNamespaceFailure("writing /proc/self/uid_map", EPERM, proc.folder.path()),
                              explainNamespaceFailure("bringing lo up", EPERM, proc.folder.path()),
                              explainRulesFailure({"table inet flowtap", EPERM, ""}, proc.folder.path())}) {
    CHECK_EQ(problem.code, "userns-apparmor");
    CHECK_CONTAINS(problem.text, "flowtap-run --apparmor-profile | sudo tee /etc/apparmor.d/flowtap-run");
    CHECK_CONTAINS(problem.text, "sudo apparmor_parser --replace");
  }
}

TEST("limits that are reached, kernels without namespaces, reasons that nobody tells") {
  const FakeProc proc{{"sys/user/max_user_namespaces", "63000\n"}, {"sys/user/max_net_namespaces", "1\n"}, {"self/status", "Seccomp:\t0\n"}};
  CHECK_CONTAINS(explainNamespaceFailure("unshare", ENOSPC, proc.folder.path()).text, "max_net_namespaces = 1");
  CHECK_EQ(explainNamespaceFailure("unshare", EINVAL, proc.folder.path()).code, "userns-missing");
  CHECK_EQ(explainNamespaceFailure("unshare", EPERM, proc.folder.path()).code, "userns-forbidden");
}

TEST("a refused rule is named, with the modules it needs") {
  const FakeProc proc{{"self/status", "Seccomp:\t0\n"}};
  const auto at = proc.folder.path();
  const auto tproxy = explainRulesFailure({"rule \"meta l4proto udp tproxy to :1 accept\" in chain steer", ENOENT, ""}, at);
  CHECK_EQ(tproxy.code, "nft-tproxy-missing");
  CHECK_CONTAINS(tproxy.text, "nft_tproxy");
  CHECK_CONTAINS(tproxy.text, "rule \"meta l4proto udp tproxy to :1 accept\" in chain steer: No such file");
  CHECK_CONTAINS(explainRulesFailure({"chain steer { type nat }", EOPNOTSUPP, ""}, at).text, "nft_redir");
  CHECK_EQ(explainRulesFailure({"starting an nf_tables batch", EOPNOTSUPP, ""}, at).code, "nftables-missing");
  CHECK_EQ(explainRulesFailure({"opening a netfilter socket", EPROTONOSUPPORT, ""}, at).code, "nftables-missing");
}

TEST("the AppArmor profile fits the program, and the next version of the extension") {
  CHECK_CONTAINS(linux_::apparmorProfile("/home/u/.vscode/extensions/flowtap.flowtap-0.1.0-linux-x64/dist/bin/linux-x64/flowtap-run"),
                 "profile flowtap-run \"/home/u/.vscode/extensions/flowtap.flowtap-*/dist/bin/linux-x64/flowtap-run\" flags=(unconfined) {\n"
                 "  userns,\n");
  CHECK_CONTAINS(linux_::apparmorProfile("/opt/a b/[x]*\"/run"), "\"/opt/a b/\\[x\\]\\*\\\"/run\"");
  Program program({launcher({"--apparmor-profile"}, {}), {}, nullptr, ""});
  CHECK_CONTAINS(program.wait().out, "profile flowtap-run \"" + self() + "\"");
}
