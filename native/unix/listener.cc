#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "native/fd.h"
#include "native/rendezvous.h"
#include "native/unix/directory.h"

namespace flowtap {
namespace {

using unixsocket::SocketPath;
using unixsocket::withErrno;
using StartError = Listener::StartError;

struct Problem {
  StartError error = StartError::kNone;
  std::string text;
};

/// Takes the folder's lock. A file that was removed in the meantime locks nothing, hence the second look at its name.
Problem takeLock(const SocketPath& path, int directory, Fd& lock) {
  const std::string where = path.directoryPath() + "/lock";
  for (int attempt = 0; attempt < 100; attempt++) {
    Fd file(::openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!file) {
      if (errno == ELOOP) return {StartError::kUnsafe, where + " is a symbolic link, which is not followed; remove it"};
      return {StartError::kSystem, withErrno("Cannot open " + where, errno)};
    }
    struct stat opened {}, named {};
    if (::fstat(file.get(), &opened) != 0) return {StartError::kSystem, withErrno("Cannot examine " + where, errno)};
    if (!S_ISREG(opened.st_mode) || opened.st_uid != ::geteuid())
      return {StartError::kUnsafe, where + " is not a plain file of this user; remove it"};
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return {StartError::kBusy, "Another proxy of this user already serves " + path.whole};
      return {StartError::kSystem, withErrno("Cannot lock " + where, errno)};
    }
    if (::fstatat(directory, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == opened.st_ino &&
        named.st_dev == opened.st_dev) {
      lock = std::move(file);
      return {};
    }
  }
  return {StartError::kSystem, where + " is removed again and again by another process"};
}

/// Puts a listening socket into the folder. The caller holds the lock, so what is there already is stale.
Problem bindSocket(const SocketPath& path, int directory, Fd& listening) {
  struct stat info {};
  if (::fstatat(directory, path.socket.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISSOCK(info.st_mode))
      return {StartError::kUnsafe,
              path.whole + (S_ISLNK(info.st_mode) ? " is a symbolic link, which is not followed" : " is not a socket") +
                  "; remove it"};
    if (::unlinkat(directory, path.socket.c_str(), 0) != 0)
      return {StartError::kSystem, withErrno("Cannot remove the stale socket " + path.whole, errno)};
  }
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {StartError::kSystem, withErrno("Cannot make a socket", errno)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string through = unixsocket::pathThrough(directory, path.socket);
  if (through.size() >= sizeof address.sun_path)
    return {StartError::kSystem, "The socket's file name " + path.socket + " is too long; use a shorter one"};
  std::memcpy(address.sun_path, through.c_str(), through.size() + 1);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {StartError::kSystem, withErrno("Cannot bind " + path.whole, errno)};
  // Until here the folder's mode alone kept others out. bind() obeys umask, which belongs to the whole process.
  if (::fchmodat(directory, path.socket.c_str(), 0600, 0) != 0)
    return {StartError::kSystem, withErrno("Cannot set the mode of " + path.whole, errno)};
  if (::listen(fd.get(), SOMAXCONN) != 0) return {StartError::kSystem, withErrno("Cannot listen at " + path.whole, errno)};
  listening = std::move(fd);
  return {};
}

class UnixListener final : public Listener {
 public:
  UnixListener(SocketPath path, Fd directory, Fd lock, Fd listening, OnConnection onConnection, OnRefused onRefused)
      : path_(std::move(path)),
        directory_(std::move(directory)),
        lock_(std::move(lock)),
        listening_(std::move(listening)),
        spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
        onConnection_(std::move(onConnection)),
        onRefused_(std::move(onRefused)) {
    if (::fstatat(directory_.get(), path_.socket.c_str(), &socket_, AT_SYMLINK_NOFOLLOW) != 0) socket_ = {};
  }

  ~UnixListener() override {
    struct stat now {};
    // Somebody may have cleaned the folder up and a new proxy may serve there: remove nothing but what this one made.
    if (::fstatat(directory_.get(), path_.socket.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_ino == socket_.st_ino && now.st_dev == socket_.st_dev)
      ::unlinkat(directory_.get(), path_.socket.c_str(), 0);
  }

  int pollFd() const override { return listening_.get(); }

  void onReadable() override {
    for (;;) {
      Fd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd) {
        admit(std::move(fd));
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      // Out of descriptors: a waiting peer would keep the listener readable for ever, so it is told off.
      if ((errno == EMFILE || errno == ENFILE) && turnAwayForLackOfFds()) continue;
      return;
    }
  }

 private:
  void admit(Fd fd) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
      onRefused_({}, withErrno("the system does not name the peer", errno));
      return;
    }
    const Peer peer{who.uid, who.gid, who.pid};
    if (peer.uid != ::geteuid()) {
      onRefused_(peer, "uid " + std::to_string(peer.uid) + " is not the uid of this proxy, " + std::to_string(::geteuid()));
      return;
    }
    onConnection_(fd.release(), peer);
  }

  bool turnAwayForLackOfFds() {
    if (!spare_) return false;
    spare_.reset();
    const bool accepted = static_cast<bool>(Fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (accepted) onRefused_({}, "this process has no file descriptor left; raise its limit (ulimit -n)");
    return accepted;
  }

  const SocketPath path_;
  const Fd directory_;
  const Fd lock_;  // flock() is freed with it
  const Fd listening_;
  Fd spare_;  // given up for a moment to turn a peer away when no other descriptor is free
  const OnConnection onConnection_;
  const OnRefused onRefused_;
  struct stat socket_ {};
};

}  // namespace

bool Listener::asksForTokens() { return false; }

Listener::Started Listener::start(const std::string& name, ListenerOptions, OnConnection onConnection,
                                  OnRefused onRefused) {
  SocketPath path;
  Problem problem;
  if (!unixsocket::splitPath(name, path, problem.text)) return {nullptr, StartError::kSystem, problem.text};
  auto directory = unixsocket::openDirectory(path, true);
  if (directory.state != unixsocket::DirectoryState::kOk)
    return {nullptr,
            directory.state == unixsocket::DirectoryState::kUnsafe ? StartError::kUnsafe : StartError::kSystem,
            directory.text};
  Fd lock, listening;
  problem = takeLock(path, directory.fd.get(), lock);
  if (problem.error == StartError::kNone) problem = bindSocket(path, directory.fd.get(), listening);
  if (problem.error != StartError::kNone) return {nullptr, problem.error, problem.text};
  return {std::make_unique<UnixListener>(std::move(path), std::move(directory.fd), std::move(lock),
                                         std::move(listening), std::move(onConnection), std::move(onRefused)),
          StartError::kNone, ""};
}

}  // namespace flowtap
