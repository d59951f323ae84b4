#include "sysext/linux/launcher/namespaces.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "native/fd.h"
#include "sysext/linux/launcher/problem.h"

namespace flowtap::linux_ {
namespace {

void write(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  const bool written = file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written) throw CaptureImpossible(explainNamespaceFailure(std::string("writing ") + path, errno));
}

std::string toItself(unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; }

}  // namespace

Isolation enterNamespaces() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  // A user namespace would take from root what makes it root: other users' files, setuid, devices. Root of a container
  // without CAP_SYS_ADMIN is not that mighty and goes the ordinary way.
  if (uid == 0) {
    if (::unshare(CLONE_NEWNET) == 0) return Isolation::kNetwork;
    if (errno != EPERM) throw CaptureImpossible(explainNamespaceFailure("unshare(CLONE_NEWNET)", errno));
  }
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    throw CaptureImpossible(explainNamespaceFailure("unshare(CLONE_NEWUSER | CLONE_NEWNET)", errno));
  write("/proc/self/setgroups", "deny");  // or gid_map is refused (user_namespaces(7))
  write("/proc/self/uid_map", toItself(uid));
  write("/proc/self/gid_map", toItself(gid));
  return Isolation::kUserAndNetwork;
}

void dropCapabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capset, &header, none) != 0)
    throw CaptureImpossible(explainNamespaceFailure("giving up capabilities", errno));
}

}  // namespace flowtap::linux_
