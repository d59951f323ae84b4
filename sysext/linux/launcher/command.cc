#include "sysext/linux/launcher/command.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace flowtap::linux_ {
namespace {

/// 0, ENOENT, EACCES (a file that may not be run), …
int runnable(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno == EACCES ? ENOENT : errno;  // a folder of PATH that is closed
  if (S_ISDIR(info.st_mode)) return EISDIR;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

int explain(const std::string& name, int error, std::string& text) {
  if (error == ENOENT || error == ENOTDIR) {
    text = name.find('/') == std::string::npos ? "command not found: " + name : "no such file: " + name;
    return kNotFound;
  }
  text = "cannot run " + name + ": " + std::generic_category().message(error);
  return kNotRunnable;
}

}  // namespace

int findCommand(const std::string& name, std::string& text) {
  if (name.find('/') != std::string::npos) {
    const int error = runnable(name);
    return error == 0 ? 0 : explain(name, error, text);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/bin:/usr/bin");
  int error = ENOENT;
  for (std::string folder; !name.empty() && std::getline(folders, folder, ':');) {
    const int found = runnable((folder.empty() ? "." : folder) + "/" + name);
    if (found == 0) return 0;
    if (found == EACCES) error = found;  // as execvp(): another folder may still have it
  }
  return explain(name, error, text);
}

bool endWith(pid_t parent) {
  // Kept across exec, but not across a change of credentials: so this comes last.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  return ::getppid() == parent;
}

int runCommand(char** command, std::string& text) {
  ::execvp(command[0], command);
  const int error = errno;
  // The file was there a moment ago, so it is its interpreter that is not.
  std::string unused;
  if (error == ENOENT && findCommand(command[0], unused) == 0) {
    text = "cannot run " + std::string(command[0]) + ": its interpreter (first line, or ELF loader) does not exist";
    return kNotFound;
  }
  return explain(command[0], error, text);
}

}  // namespace flowtap::linux_
