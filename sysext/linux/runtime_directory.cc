#include "sysext/linux/runtime_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace flowtap::linux_ {
namespace {

bool usable(const char* folder) {
  struct stat info {};
  return folder && folder[0] == '/' && ::stat(folder, &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::geteuid();
}

}  // namespace

std::string runtimeDirectory() {
  const char* own = std::getenv("FLOWTAP_RUNTIME_DIR");
  if (own && *own) return own;
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  if (usable(xdg)) return std::string(xdg) + "/flowtap";
  return "/tmp/flowtap-" + std::to_string(::geteuid());
}

std::string proxySocketPath() { return runtimeDirectory() + "/proxy.sock"; }

}  // namespace flowtap::linux_
