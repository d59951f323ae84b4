#include "sysext/linux/daemon/inner_sockets.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>

#include "sysext/linux/marks.h"

namespace flowtap::daemon {
namespace {

constexpr int kBatch = 8;
constexpr size_t kStackBytes = 64 * 1024;

struct Errand {
  int user, network, family;
  int made[kBatch];
  int count;
  int error;
};

/// Runs as a process of its own, with this one's memory and descriptors, while this one stands still (as after vfork).
/// It has all capabilities there, since the namespace belongs to this user. System calls only.
int runErrand(void* what) {
  auto& errand = *static_cast<Errand*>(what);
  if ((errand.user >= 0 && ::setns(errand.user, CLONE_NEWUSER) != 0) || ::setns(errand.network, CLONE_NEWNET) != 0) {
    errand.error = errno;
    return 1;
  }
  for (; errand.count < kBatch; errand.count++) {
    const int fd = ::socket(errand.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) break;
    errand.made[errand.count] = fd;
    if (::setsockopt(fd, SOL_SOCKET, SO_MARK, &linux_::kProxyMark, sizeof linux_::kProxyMark) == 0) continue;
    errand.error = errno;  // unmarked, it would go to the proxy
    errand.count++;
    return 1;
  }
  errand.error = errno;
  return 0;
}

/// `path`: of this process's own namespace.
bool isOwn(int fd, const char* path) {
  struct stat that{}, own{};
  return ::fstat(fd, &that) == 0 && ::stat(path, &own) == 0 && that.st_ino == own.st_ino;
}

}  // namespace

InnerSockets::InnerSockets(int inside) : network_(::ioctl(inside, SIOCGSKNS)) {
  if (!network_) return;
  ::fcntl(network_.get(), F_SETFD, FD_CLOEXEC);
  user_.reset(::ioctl(network_.get(), NS_GET_USERNS));
  // The host's own network has nothing to offer to itself.
  if (!user_ || isOwn(network_.get(), "/proc/self/ns/net")) {
    network_.reset();
    return;
  }
  ::fcntl(user_.get(), F_SETFD, FD_CLOEXEC);
  if (isOwn(user_.get(), "/proc/self/ns/user")) user_.reset();
}

int InnerSockets::fill(int family, std::vector<Fd>& sockets) {
  Errand errand{user_ ? user_.get() : -1, network_.get(), family, {}, 0, 0};
  alignas(16) static char stack[kStackBytes];  // used within one call only
  const int pid = ::clone(runErrand, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES, &errand);
  if (pid < 0) return errno;
  while (::waitpid(pid, nullptr, __WCLONE) < 0 && errno == EINTR) {
  }
  for (int i = 0; i < errand.count; i++) sockets.emplace_back(errand.made[i]);
  if (errand.count == kBatch) return 0;
  if (errand.error == EPERM) sockets.clear();
  return sockets.empty() ? errand.error : 0;
}

Fd InnerSockets::take(int family) {
  if (!usable()) return errno = ENOTSUP, Fd();
  auto& sockets = ready_[family == AF_INET6];
  if (sockets.empty())
    if (const int error = fill(family, sockets)) return errno = error, Fd();
  Fd socket = std::move(sockets.back());
  sockets.pop_back();
  return socket;
}

}  // namespace flowtap::daemon
