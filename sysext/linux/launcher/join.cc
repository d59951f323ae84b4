#include "sysext/linux/launcher/join.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <type_traits>

namespace flowtap::linux_ {
namespace {

constexpr size_t kMaxSockets = 16;
/// What the child tells fits into a pipe, so that it never waits for its reader.
constexpr size_t kMaxMessage = 32u << 10;

/// What the child has made. The descriptors are open in both processes.
struct Made {
  wire::Mode mode;
  bool holds, privileged;
  int user, network;  // the namespaces; user is -1 where it is this process's own
  uint32_t count;
  struct {
    wire::SocketRole role;
    int fd;
  } sockets[kMaxSockets];
};
static_assert(std::is_trivially_copyable_v<Made>);

std::string wordsOf(const Problem& problem) { return problem.code + "\n" + problem.text; }

std::optional<Problem> problemIn(const std::string& words) {
  const size_t line = words.find('\n');
  if (line == std::string::npos) return std::nullopt;
  return Problem{words.substr(0, line), words.substr(line + 1)};
}

int openNamespace(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw CaptureImpossible(explainNamespaceFailure(std::string("opening ") + path, errno));
  return fd;
}

/// In the child. One letter, then a Made with the reason for a lower mode, or the problem.
std::string make(const std::vector<wire::Mode>& modes, Holding holding) try {
  Capture capture = enterCapture(modes, holding);
  Made made{};
  made.mode = capture.mode;
  made.holds = capture.holds;
  made.privileged = capture.privileged;
  made.network = openNamespace("/proc/self/ns/net");
  made.user = capture.privileged ? openNamespace("/proc/self/ns/user") : -1;
  for (auto& socket : capture.sockets)
    if (made.count < kMaxSockets) made.sockets[made.count++] = {socket.role, socket.fd.release()};
  std::string message = "y";
  message.append(reinterpret_cast<const char*>(&made), sizeof made);
  return message + (capture.fallback ? wordsOf(*capture.fallback) : "");
} catch (const CaptureImpossible& e) {
  return "n" + wordsOf(e.problem());
}

/// As fork(), but with this process's descriptors, not copies of them.
pid_t forkWithDescriptors() { return static_cast<pid_t>(::syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0)); }

/// What a child told of the capture that it made; empty where there could be no child, or it was killed.
std::string makeInChild(const std::vector<wire::Mode>& modes, Holding holding) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return "";
  const Fd from(ends[0]), to(ends[1]);
  const pid_t child = forkWithDescriptors();
  if (child == 0) {
    const std::string message = make(modes, holding);
    (void)!::write(to.get(), message.data(), std::min(message.size(), kMaxMessage));
    ::_exit(0);  // destructors would close the other process's descriptors
  }
  if (child < 0) return "";
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  std::string message(kMaxMessage, '\0');
  const ssize_t size = ::read(from.get(), message.data(), message.size());
  message.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return message;
}

}  // namespace

Capture joinCapture(const std::vector<wire::Mode>& modes, Holding holding) {
  const std::string message = makeInChild(modes, holding);
  if (message.empty()) return enterCapture(modes, holding);
  if (message[0] == 'n')
    throw CaptureImpossible(problemIn(message.substr(1)).value_or(Problem{"capture-failed", "The capture failed"}));
  Made made;
  std::memcpy(&made, message.data() + 1, sizeof made);
  const Fd user(made.user), network(made.network);
  Capture capture;
  capture.mode = made.mode;
  capture.holds = made.holds;
  capture.privileged = made.privileged;
  capture.fallback = problemIn(message.substr(1 + sizeof made));
  for (uint32_t i = 0; i < made.count; i++) capture.sockets.push_back({made.sockets[i].role, Fd(made.sockets[i].fd)});
  // A filter of system calls can know unshare() and not setns(). The first call that fails has changed nothing.
  if (::setns(user ? user.get() : network.get(), user ? CLONE_NEWUSER : CLONE_NEWNET) != 0) {
    capture.sockets.clear();
    return enterCapture(modes, holding);
  }
  if (user && ::setns(network.get(), CLONE_NEWNET) != 0)
    throw CaptureImpossible(explainNamespaceFailure("setns(CLONE_NEWNET)", errno));
  return capture;
}

}  // namespace flowtap::linux_
