// What the launcher does around the command: hand-over, exit status, privileges, descriptors, and the end of it all.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "sysext/test/launcher/captured.h"

using namespace flowtap;
using namespace flowtap::test;
using Role = wire::SocketRole;

namespace {

std::string networkOf(pid_t pid) {
  char target[64];
  const ssize_t size = ::readlink(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), target, sizeof target);
  return std::string(target, size > 0 ? static_cast<size_t>(size) : 0);
}

std::vector<pid_t> inhabitants(const std::string& network) {
  std::vector<pid_t> pids;
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = ::readdir(folder))
    if (const pid_t pid = std::atoi(entry->d_name); pid > 0 && networkOf(pid) == network) pids.push_back(pid);
  ::closedir(folder);
  return pids;
}

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

/// The result of running the launcher where no proxy takes part.
Result launch(const std::vector<std::string>& arguments, std::map<std::string, std::string> environment = {}) {
  Program program({arguments, std::move(environment), nullptr, ""});
  return program.wait();
}

}  // namespace

TEST("the launcher hands over its sockets, says who it is, and becomes the command") {
  Captured captured(shell("echo $$; echo $FLOWTAP_CAPTURE; exit 42"), {"--capture", "blue"});
  if (!captured) return;
  auto& handover = captured.handover();
  CHECK_EQ(handover.hello.client, "launcher");
  CHECK_EQ(handover.attach.capture, "blue");
  CHECK(handover.attach.mode == wire::Mode::kTproxy);
  CHECK_EQ(handover.attach.command, shell("echo $$; echo $FLOWTAP_CAPTURE; exit 42"));
  CHECK_EQ(handover.peer.uid, ::geteuid());
  CHECK_EQ(handover.peer.pid, captured.program().pid());
  CHECK_EQ(handover.attach.rootPid, static_cast<uint32_t>(captured.program().pid()));
  for (const Role role : {Role::kTcp4Listener, Role::kUdp4, Role::kRaw4, Role::kSockDiag})
    CHECK(handover.sockets.count(role));
  for (const auto& [role, fd] : handover.sockets) CHECK(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK);
  CHECK(networkOf(captured.program().pid()) != networkOf(::getpid()));
  const Result result = captured.finish();
  CHECK_EQ(result.status, 42);
  CHECK_EQ(result.out, std::to_string(captured.program().pid()) + "\nblue\n");
  CHECK_EQ(result.err, "");
}

TEST("each run gets a name of its own") {
  std::vector<std::string> names;
  for (int i = 0; i < 2; i++) {
    Captured captured({"/bin/true"});
    if (!captured) return;
    names.push_back(captured.handover().attach.capture);
    captured.finish();
  }
  CHECK(!names[0].empty());
  CHECK(names[0] != names[1]);
}

TEST("nothing of the command runs before the proxy has taken the sockets") {
  const Folder folder;
  Captured captured(shell("touch " + (folder / "ran")));
  if (!captured) return;
  captured.handover().refuse("no room for more");
  const Result result = captured.program().wait();
  CHECK_EQ(result.status, 125);
  CHECK_CONTAINS(result.err, "no room for more");
  CHECK(!exists(folder / "ran"));
}

TEST("a proxy that goes away before it answers") {
  Captured captured({"/bin/true"});
  if (!captured) return;
  captured.handover().control.reset();
  const Result result = captured.program().wait();
  CHECK_EQ(result.status, 125);
  CHECK_CONTAINS(result.err, "closed the connection");
}

TEST("a command that is not there is named, before any proxy is asked") {
  for (const std::string name : {"no-such-command", "/no/such/file", ""}) {
    const Result result = launch(launcher({}, {name}), {{"FLOWTAP_RUNTIME_DIR", "/nowhere/at/all"}});
    CHECK_EQ(result.status, 127);
    CHECK_CONTAINS(result.err, name);
    CHECK(result.err.find("/nowhere") == std::string::npos);
  }
  const Result result = launch(launcher({}, {"/etc/passwd"}));
  CHECK_EQ(result.status, 126);
  CHECK_CONTAINS(result.err, "/etc/passwd: Permission denied");
}

TEST("a script whose interpreter is missing is told from a missing script") {
  const Folder folder;
  std::ofstream(folder / "script") << "#!/no/such/interpreter\n";
  ::chmod((folder / "script").c_str(), 0755);
  Captured captured({folder / "script"});
  if (!captured) return;
  const Result result = captured.finish();
  CHECK_EQ(result.status, 127);
  CHECK_CONTAINS(result.err, "interpreter");
}

TEST("wrong words on the command line") {
  for (const auto& [options, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--mode", "magic"}, "no mode \"magic\""}, {{"--capture"}, "--capture needs a value"}, {{"--fast"}, "no option --fast"}}) {
    const Result result = launch(launcher(options, {}));
    CHECK_EQ(result.status, 125);
    CHECK_CONTAINS(result.err, part);
  }
  CHECK_CONTAINS(launch(launcher({}, {})).err, "no command");
}

TEST("the command's own options stay its own") {
  Captured captured({"/bin/echo", "--check", "--mode", "x"});
  if (captured) CHECK_EQ(captured.finish().out, "--check --mode x\n");
}

TEST("a signal that ends the command ends the launcher's process") {
  Captured captured(shell("kill -TERM $$"));
  if (captured) CHECK_EQ(captured.finish().status, 128 + SIGTERM);
}

TEST("standard input is the command's, and closed descriptors stay closed") {
  Proxy proxy;
  Program program({launcher({}, {"/bin/cat"}), proxy.environment(), nullptr, "through and through"});
  auto handover = proxy.take();
  CHECK(handover.has_value());
  if (!handover) return;
  handover->accept();
  CHECK_EQ(program.wait().out, "through and through");

  Captured closed(shell("for fd in 0 2; do [ -e /proc/$$/fd/$fd ] && exit 1; done; exit 0"), {}, [] {
    return ::close(0) == 0 && ::close(2) == 0;
  });
  if (closed) CHECK_EQ(closed.finish().status, 0);
}

TEST("the command has no capability, keeps its ids, and gets one descriptor out of its way") {
  Captured captured(shell("grep -E '^(Uid|Gid|CapEff|CapPrm|CapAmb):' /proc/self/status; ls /proc/$$/fd"));
  if (!captured) return;
  const std::string out = captured.finish().out;
  const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  CHECK_CONTAINS(out, "Uid:\t" + uid + "\t" + uid);
  CHECK_CONTAINS(out, "Gid:\t" + gid + "\t" + gid);
  if (::geteuid() != 0)
    for (const std::string set : {"CapPrm", "CapEff", "CapAmb"}) CHECK_CONTAINS(out, set + ":\t0000000000000000");
  int low = 0, high = 0;
  for (size_t at = out.rfind(":\t"); (at = out.find('\n', at + 1)) != std::string::npos && at + 1 < out.size();)
    (std::atoi(out.c_str() + at + 1) < 100 ? low : high)++;
  CHECK_EQ(high, 1);
  CHECK(low >= 3);
}

TEST("the proxy learns when the last process has gone, also by kill -9") {
  Captured captured(shell("sleep 1000 & echo $!; exec 1>&- 2>&-; sleep 1000"));
  if (!captured) return;
  const std::string network = networkOf(captured.program().pid());
  auto& handover = captured.handover();
  linux_::Attribution attribution(handover.fd(Role::kSockDiag), captured.program().pid());
  handover.accept();
  CHECK(eventually([&] { return inhabitants(network).size() == 3; }));
  captured.program().kill(SIGKILL);
  // The two sleeps live on, and have the connection.
  CHECK(eventually([&] { return inhabitants(network).size() == 2; }));
  CHECK(!handover.ended());
  CHECK(eventually([&] { return attribution.inhabited() == true; }));
  for (const pid_t pid : inhabitants(network)) ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return handover.ended(); }));
  CHECK(eventually([&] { return attribution.inhabited() == false; }));
}

TEST("a folder that others can reach is refused") {
  const Folder folder;
  ::mkdir((folder / "open").c_str(), 0700);
  ::chmod((folder / "open").c_str(), 0755);
  const Result result = launch(launcher({}, {"/bin/true"}), {{"FLOWTAP_RUNTIME_DIR", folder / "open"}});
  CHECK_EQ(result.status, 125);
  CHECK_CONTAINS(result.err, (folder / "open") + " has mode 0755");
}

TEST("no daemon, one that cannot start, and a shell whose daemon has ended") {
  const Folder folder;
  const std::map<std::string, std::string> environment{{"FLOWTAP_RUNTIME_DIR", folder / "run"}};
  // The launcher looks for the daemon beside itself.
  std::ifstream program(self(), std::ios::binary);
  std::ofstream(folder / "flowtap-run", std::ios::binary) << program.rdbuf();
  ::chmod((folder / "flowtap-run").c_str(), 0755);
  const std::vector<std::string> alone{folder / "flowtap-run", "--launcher", "--", "/bin/true"};
  const Result missing = launch(alone, environment);
  CHECK_EQ(missing.status, 125);
  CHECK_CONTAINS(missing.err, "There is no proxy at " + (folder / "flowtapd"));

  std::ofstream(folder / "flowtapd") << "#!/bin/sh\necho to stdout; echo out of luck >&2; exit 1\n";
  ::chmod((folder / "flowtapd").c_str(), 0755);
  const Result failing = launch(alone, environment);
  CHECK_EQ(failing.status, 125);
  CHECK_EQ(failing.out, "");
  CHECK_CONTAINS(failing.err, "out of luck\n");
  CHECK_CONTAINS(failing.err, "The proxy did not start");

  auto inside = environment;
  inside["FLOWTAP_CAPTURE"] = "old";
  CHECK_CONTAINS(launch(alone, inside).err, "open a new shell");
}

TEST("a captured program captures another") {
  Proxy proxy;
  Program program({launcher({"--capture", "outer"}, launcher({"--capture", "inner"}, client({"tcp", "192.0.2.7", "80"}))),
                   proxy.environment(), nullptr, ""});
  auto outer = proxy.take();
  CHECK(outer.has_value());
  if (!outer) return;
  const Answers outerAnswers(*outer);
  outer->accept();
  auto inner = proxy.take();
  CHECK(inner.has_value());
  if (!inner) return;
  CHECK_EQ(inner->attach.capture, "inner");
  CHECK_EQ(inner->peer.uid, ::geteuid());
  Answers innerAnswers(*inner);
  inner->accept();
  CHECK_EQ(program.wait().out, "192.0.2.7:80\n");
  CHECK_EQ(innerAnswers.seen().size(), 1u);
}
