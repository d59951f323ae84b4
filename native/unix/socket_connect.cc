#include "native/unix/socket_connect.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "native/unix/directory.h"

namespace flowtap::unixsocket {
namespace {

Connected failed(ConnectError error, std::string text) {
  Connected result;
  result.error = error;
  result.text = std::move(text);
  return result;
}

/// The error of a connect() that failed for good.
Connected connectFailed(const SocketPath& path, int error) {
  // ECONNREFUSED: the socket's file outlived its server, or the server has not called listen() yet.
  if (error == ECONNREFUSED || error == ENOENT)
    return failed(ConnectError::kNoService, "No proxy answers at " + path.whole + "; start it with: flowtap start");
  if (error == EACCES || error == EPERM)
    return failed(ConnectError::kRefused, withErrno("The system does not let this process connect to " + path.whole, error));
  if (error == EPROTOTYPE)
    return failed(ConnectError::kProtocol, path.whole + " is not a stream socket, so not Flowtap's; remove it");
  return failed(ConnectError::kInterrupted, withErrno("Cannot connect to " + path.whole, error));
}

}  // namespace

Connected connectSocket(const std::string& name, const std::function<bool(std::chrono::milliseconds)>& pause) {
  SocketPath path;
  std::string text;
  if (!splitPath(name, path, text)) return failed(ConnectError::kProtocol, text);
  const std::string absent = "No proxy runs: there is no " + path.whole + "; start it with: flowtap start";
  const Directory directory = openDirectory(path, false);
  if (directory.state == DirectoryState::kAbsent) return failed(ConnectError::kNoService, absent);
  if (directory.state != DirectoryState::kOk) return failed(ConnectError::kRefused, directory.text);

  // The socket's own descriptor is what gets connected, so the file cannot be exchanged after the check.
  const Fd file(::openat(directory.fd.get(), path.socket.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return failed(ConnectError::kNoService, absent);
    return failed(ConnectError::kRefused, withErrno("Cannot open " + path.whole, errno));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return failed(ConnectError::kRefused, withErrno("Cannot examine " + path.whole, errno));
  if (S_ISLNK(info.st_mode))
    return failed(ConnectError::kRefused, path.whole + " is a symbolic link, which is not followed; remove it");
  if (!S_ISSOCK(info.st_mode))
    return failed(ConnectError::kRefused, path.whole + " is not a socket; remove it");

  Connected result;
  result.fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!result.fd) return failed(ConnectError::kInterrupted, withErrno("Cannot make a socket", errno));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, pathThrough(file.get()).c_str(), sizeof address.sun_path - 1);
  std::chrono::milliseconds waited{0};
  while (::connect(result.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    // EAGAIN: the queue of waiting clients is full (unix(7)); nothing tells when it has room again.
    if (error != EAGAIN) return connectFailed(path, error);
    constexpr std::chrono::milliseconds kStep{5};
    if (waited >= kConnectPatience)
      return failed(ConnectError::kInterrupted, "The proxy at " + path.whole +
                                                    " hangs: it has taken no connection for some time; restart it with: "
                                                    "flowtap stop && flowtap start");
    if (!pause) std::this_thread::sleep_for(kStep);
    else if (pause(kStep)) return failed(ConnectError::kInterrupted, "cancelled");
    waited += kStep;
  }

  ucred server{};
  socklen_t size = sizeof server;
  if (::getsockopt(result.fd.get(), SOL_SOCKET, SO_PEERCRED, &server, &size) != 0)
    return failed(ConnectError::kRefused, withErrno("Cannot tell who serves " + path.whole, errno));
  if (server.uid != ::geteuid())
    return failed(ConnectError::kRefused, path.whole + " is served by process " + std::to_string(server.pid) + " of uid " +
                                              std::to_string(server.uid) + ", not of this user (uid " +
                                              std::to_string(::geteuid()) + "); do not trust it, remove the socket");
  result.server = {server.uid, server.gid, server.pid};
  return result;
}

}  // namespace flowtap::unixsocket
