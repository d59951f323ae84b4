// The folder of the rendezvous socket. Everything in it is reached through its descriptor once it has been checked, so
// that nobody can put another folder in its place between the check and the use.
#pragma once
#include <string>

#include "native/fd.h"

namespace flowtap::unixsocket {

/// "/run/user/1000/flowtap/proxy.sock", taken apart.
struct SocketPath {
  std::string whole;
  std::string parent;     ///< /run/user/1000
  std::string directory;  ///< flowtap
  std::string socket;     ///< proxy.sock
  std::string directoryPath() const { return (parent == "/" ? "" : parent) + "/" + directory; }
};

/// False, with the reason in text, where it is not an absolute path with a folder and a file name of their own.
bool splitPath(const std::string& path, SocketPath& parts, std::string& text);

enum class DirectoryState { kOk, kAbsent, kUnsafe, kFailed };

struct Directory {
  DirectoryState state = DirectoryState::kFailed;
  Fd fd;             ///< O_PATH
  std::string text;  ///< what is wrong, where, and what to do
};

/// Opens the socket's folder. It must be a real folder (no symlink), owned by this process's effective uid, and closed
/// to everybody else. `create` makes it (mode 0700) where it is absent; its parent must exist.
Directory openDirectory(const SocketPath& path, bool create);

/// "/proc/self/fd/N/name": reaches a file of an open folder in calls that take paths only (bind, connect). It is also
/// short, where sun_path ends at 108 bytes. An empty name gives the descriptor's own path.
std::string pathThrough(int fd, const std::string& name = "");

/// "text: No such file or directory" for an errno.
std::string withErrno(const std::string& text, int error);

}  // namespace flowtap::unixsocket
