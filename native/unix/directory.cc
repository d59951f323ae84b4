#include "native/unix/directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace flowtap::unixsocket {
namespace {

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Directory failed(DirectoryState state, std::string text) { return {state, Fd(), std::move(text)}; }

bool plainName(const std::string& name) { return !name.empty() && name != "." && name != ".."; }

/// The part after the last '/', removed from path together with the slashes around it.
std::string takeLast(std::string& path) {
  const size_t slash = path.rfind('/');
  std::string last = path.substr(slash + 1);
  const size_t end = path.find_last_not_of('/', slash);
  path.resize(end == std::string::npos ? 0 : end + 1);
  return last;
}

}  // namespace

std::string withErrno(const std::string& text, int error) { return text + ": " + std::generic_category().message(error); }

std::string pathThrough(int fd, const std::string& name) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return name.empty() ? path : path + "/" + name;
}

bool splitPath(const std::string& path, SocketPath& parts, std::string& text) {
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos) {
    text = "The proxy's socket must be an absolute path, not \"" + path.substr(0, path.find('\0')) + "\"";
    return false;
  }
  parts.whole = parts.parent = path;
  parts.socket = takeLast(parts.parent);
  parts.directory = parts.parent.empty() ? "" : takeLast(parts.parent);
  if (parts.parent.empty()) parts.parent = "/";
  if (plainName(parts.socket) && plainName(parts.directory)) return true;
  text = "The proxy's socket " + path + " must be a file in a folder of its own, such as /run/user/1000/flowtap/proxy.sock";
  return false;
}

Directory openDirectory(const SocketPath& path, bool create) {
  const std::string where = path.directoryPath();
  // Symlinks above the folder are the administrator's business (/var/run is one).
  const Fd parent(::open(path.parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) {
    const int error = errno;
    const auto state = error == ENOENT && !create ? DirectoryState::kAbsent : DirectoryState::kFailed;
    return failed(state, withErrno("Cannot open " + path.parent, error));
  }
  if (create && ::mkdirat(parent.get(), path.directory.c_str(), 0700) != 0 && errno != EEXIST)
    return failed(DirectoryState::kFailed, withErrno("Cannot make the folder " + where, errno));
  // O_PATH with O_NOFOLLOW opens a symlink itself, which the check below then names.
  Fd folder(::openat(parent.get(), path.directory.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) {
    const int error = errno;
    return failed(error == ENOENT ? DirectoryState::kAbsent : DirectoryState::kFailed,
                  withErrno("Cannot open " + where, error));
  }
  struct stat info {};
  if (::fstat(folder.get(), &info) != 0)
    return failed(DirectoryState::kFailed, withErrno("Cannot examine " + where, errno));
  const std::string remedy = "; remove it or set FLOWTAP_RUNTIME_DIR to a private folder of yours";
  if (S_ISLNK(info.st_mode))
    return failed(DirectoryState::kUnsafe, where + " is a symbolic link, which is not followed" + remedy);
  if (!S_ISDIR(info.st_mode)) return failed(DirectoryState::kUnsafe, where + " is not a folder" + remedy);
  if (info.st_uid != ::geteuid())
    return failed(DirectoryState::kUnsafe, where + " belongs to uid " + std::to_string(info.st_uid) +
                                               ", not to this user (uid " + std::to_string(::geteuid()) + ")" + remedy);
  if ((info.st_mode & 0077) != 0)
    return failed(DirectoryState::kUnsafe, where + " has mode " + octal(info.st_mode) +
                                               ", so others can reach it; make it private (mode 0700) or set "
                                               "FLOWTAP_RUNTIME_DIR to a private folder of yours");
  return {DirectoryState::kOk, std::move(folder), ""};
}

}  // namespace flowtap::unixsocket
