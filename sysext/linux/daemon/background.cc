#include "sysext/linux/daemon/background.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>

#include "native/unix/socket_connect.h"
#include "sysext/core/version.h"
#include "sysext/linux/daemon/daemon.h"
#include "sysext/linux/frame_socket.h"
#include "sysext/linux/runtime_directory.h"

namespace flowtap::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAnswerPatience{2000};
constexpr milliseconds kStartPatience{10000};

// What the daemon says to the process that started it: one of these, then the reason.
constexpr char kServing = 's', kBusy = 'b', kFailed = 'f';

int complain(const std::string& text) {
  std::fprintf(stderr, "flowtapd: %s\n", text.c_str());
  return 1;
}

/// As many descriptors as the user may have: each flow takes two.
void useAllDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Serves in this process. `ready` is called once it does, or cannot.
template <typename Ready>
int serve(const Options& options, const Log& log, Ready&& ready) {
  ::umask(077);
  useAllDescriptors();
  try {
    Daemon daemon(options, log);
    const Daemon::Problem problem = daemon.listen(linux_::proxySocketPath());
    if (!problem.text.empty()) {
      ready(problem.busy ? kBusy : kFailed, problem.text);
      return 1;
    }
    ready(kServing, "");
    daemon.run();
    return 0;
  } catch (const std::system_error& e) {
    log.write(std::string("cannot go on: ") + e.what());
    ready(kFailed, e.what());
    return 1;
  }
}

/// The daemon's own process: nothing of the starter's is kept but `pipe`.
[[noreturn]] void become(const Options& options, int pipe) {
  // Descriptors of the starter: a pipe of an editor that stayed open here would never end for the editor.
  if (pipe != 3) {
    ::dup3(pipe, 3, O_CLOEXEC);
    pipe = 3;
  }
  ::close_range(4, ~0U, 0);
  if (::chdir("/") != 0) _exit(1);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; fd++) ::dup2(null, fd);
  const std::string directory = linux_::runtimeDirectory();
  ::mkdir(directory.c_str(), 0700);  // the listener checks owner and mode
  const Log log(options.log.empty() ? directory + "/log" : options.log);
  log.takeStandardError();
  const int status = serve(options, log, [&](char kind, const std::string& text) {
    if (pipe < 0) return;
    const std::string message = kind + text;
    if (::write(pipe, message.data(), message.size()) < 0) log.write("nobody waits for this start");
    ::close(std::exchange(pipe, -1));
  });
  ::_exit(status);
}

struct Outcome {
  char kind = kFailed;
  std::string text;
};

Outcome launch(const Options& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {kFailed, "pipe: " + std::generic_category().message(errno)};
  const pid_t child = ::fork();
  if (child < 0) return {kFailed, "fork: " + std::generic_category().message(errno)};
  if (child == 0) {
    // A session of its own, and not its leader, so that no terminal ever becomes its own.
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon != 0) ::_exit(daemon < 0);
    become(options, ends[1]);
  }
  ::close(ends[1]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string message;
  char buffer[1024];
  for (;;) {
    const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    message.append(buffer, static_cast<size_t>(n));
  }
  ::close(ends[0]);
  if (message.empty()) return {kFailed, "The daemon ended while it started; see " + linux_::runtimeDirectory() + "/log"};
  return {message[0], message.substr(1)};
}

}  // namespace

bool answers(const std::string& socketPath) {
  auto connected = unixsocket::connectSocket(socketPath);
  if (connected.error != ConnectError::kNone) return false;
  try {
    linux_::FrameSocket socket(std::move(connected.fd));
    wire::ClientFrame frame;
    wire::Hello& hello = frame.hello.emplace();
    hello.versions = {core::kWireVersion};
    hello.client = "ensure";
    hello.build = core::kBuild;
    socket.send(frame);
    return socket.receive(kAnswerPatience).welcome.has_value();
  } catch (const linux_::FrameError&) {
    return false;
  }
}

int startInBackground(const Options& options) {
  const Outcome outcome = launch(options);
  return outcome.kind == kServing ? 0 : complain(outcome.text);
}

int ensureInBackground(const Options& options) {
  const std::string path = linux_::proxySocketPath();
  const auto deadline = steady_clock::now() + kStartPatience;
  Outcome outcome;
  do {
    if (answers(path)) return 0;
    outcome = launch(options);
    if (outcome.kind == kServing) return 0;
    if (outcome.kind != kBusy) break;
    // Another one holds the lock: it starts just now, or ends just now.
    std::this_thread::sleep_for(milliseconds(20));
  } while (steady_clock::now() < deadline);
  return complain(outcome.text);
}

int runInForeground(const Options& options) {
  const Log log = options.log.empty() ? Log() : Log(options.log);
  return serve(options, log, [](char kind, const std::string& text) {
    if (kind != kServing) complain(text);
  });
}

}  // namespace flowtap::daemon
