#include "sysext/linux/launcher/daemon_link.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "native/unix/directory.h"
#include "native/unix/socket_connect.h"
#include "sysext/core/version.h"
#include "sysext/linux/runtime_directory.h"

namespace flowtap::linux_ {
namespace {

using std::chrono::milliseconds;
using unixsocket::Connected;

constexpr milliseconds kPatience{10000};

[[noreturn]] void fail(const char* code, const std::string& text) { throw CaptureImpossible({code, text}); }

std::string folderOfThisProgram() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) fail("daemon-missing", unixsocket::withErrno("Cannot tell where flowtap-run is installed", errno));
  const std::string whole(path, static_cast<size_t>(size));
  return whole.substr(0, whole.rfind('/'));
}

/// Runs `flowtapd --ensure`, which writes its reasons to stderr.
void startDaemon() {
  const std::string program = folderOfThisProgram() + "/flowtapd";
  const pid_t child = ::fork();
  if (child < 0) fail("daemon-start", unixsocket::withErrno("Cannot start the proxy", errno));
  if (child == 0) {
    // The captured command's output must not carry the daemon's.
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::execl(program.c_str(), "flowtapd", "--ensure", nullptr);
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("daemon-start", unixsocket::withErrno("Cannot wait for the proxy", errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    fail("daemon-missing", "There is no proxy at " + program + "; reinstall Flowtap");
  fail("daemon-start", "The proxy did not start (" + program + " --ensure); its log is " + runtimeDirectory() + "/log");
}

}  // namespace

DaemonLink DaemonLink::open() {
  const std::string path = proxySocketPath();
  Connected connected = unixsocket::connectSocket(path);
  if (connected.error == ConnectError::kNoService) {
    // A daemon started from here would dial out through the capture whose daemon is gone.
    if (std::getenv("FLOWTAP_CAPTURE"))
      fail("daemon-ended", "The proxy of this captured shell has ended, and its network with it; open a new shell");
    startDaemon();
    connected = unixsocket::connectSocket(path);
  }
  if (connected.error == ConnectError::kRefused) fail("daemon-refused", connected.text);
  if (connected.error != ConnectError::kNone) fail("daemon-unreachable", connected.text);
  DaemonLink link(std::move(connected.fd));
  link.greet();
  return link;
}

void DaemonLink::greet() try {
  wire::ClientFrame frame;
  auto& hello = frame.hello.emplace();
  hello.versions = {core::kWireVersion};
  hello.client = "launcher";
  hello.build = core::kBuild;
  socket_.send(frame);
  for (;;) {
    const auto answer = socket_.receive(kPatience);
    if (answer.refused) fail("daemon-refused", "The proxy refused: " + answer.refused->text);
    if (answer.welcome) return;
  }
} catch (const FrameError& e) {
  fail("daemon-unreachable", std::string("The proxy cannot be used: ") + e.what());
}

void DaemonLink::attach(const Capture& capture, const std::string& name, const std::vector<std::string>& command) try {
  wire::ClientFrame frame;
  auto& attach = frame.attach.emplace();
  attach.mode = capture.mode;
  attach.rootPid = static_cast<uint32_t>(::getpid());
  attach.capture = name;
  attach.command = command;
  if (capture.fallback) attach.fallback = capture.fallback->text;
  std::vector<int> descriptors;
  for (const auto& socket : capture.sockets) {
    attach.sockets.push_back(socket.role);
    descriptors.push_back(socket.fd.get());
  }
  socket_.send(frame, descriptors);
  for (;;) {
    const auto answer = socket_.receive(kPatience);
    if (answer.refused) fail("daemon-refused", "The proxy refused this capture: " + answer.refused->text);
    if (answer.attached) return;
  }
} catch (const FrameError& e) {
  fail("daemon-unreachable", std::string("The proxy did not take the capture: ") + e.what());
}

void DaemonLink::keepAcrossExec() {
  // High up, where no script's own redirections (exec 3>…) and no runtime's clean-up of low descriptors fall on it.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int wanted = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1024)) - 24;
  const Fd low = socket_.release();
  if (::fcntl(low.get(), F_DUPFD, std::max(wanted, 3)) < 0)
    fail("descriptors", unixsocket::withErrno("No descriptor is left; raise the limit (ulimit -n)", errno));
}

}  // namespace flowtap::linux_
