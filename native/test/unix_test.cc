// The Unix-socket rendezvous against real sockets, folders and, as root, real other users.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>

#include "native/rendezvous.h"
#include "native/test/check.h"
#include "native/test/folder.h"
#include "native/unix/directory.h"
#include "native/unix/socket_connect.h"

using namespace flowtap;
using namespace flowtap::test;
using unixsocket::connectSocket;

namespace {

constexpr uid_t kOtherUid = 54321;

/// A listener with what it reported. Its event loop is turned by hand.
struct Service {
  std::vector<std::pair<Fd, Peer>> connections;
  std::vector<std::pair<Peer, std::string>> refusals;
  Listener::Started started;

  explicit Service(const std::string& path)
      : started(Listener::start(
            path, {}, [this](int fd, const Peer& peer) { connections.emplace_back(Fd(fd), peer); },
            [this](const Peer& peer, const std::string& reason) { refusals.emplace_back(peer, reason); })) {}
  bool ok() const { return started.listener != nullptr; }
  /// Waits for input, then lets the listener accept. False where nothing came.
  bool turn() {
    pollfd poller{started.listener->pollFd(), POLLIN, 0};
    if (::poll(&poller, 1, 10000) != 1) return false;
    started.listener->onReadable();
    return true;
  }
};

struct Answer {
  ConnectError error;
  std::string text;
  Fd fd;
};
Answer connectTo(const std::string& path) {
  std::promise<Answer> answered;
  const auto client = Client::connect(path, "", "", [&](ConnectError error, const std::string& text, int fd) {
    answered.set_value({error, text, Fd(fd)});
  });
  return answered.get_future().get();
}

/// A socket of the test's own, not the listener's.
Fd rawListener(const std::string& path, int backlog, int type = SOCK_STREAM) {
  Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Fd();
  if (type == SOCK_STREAM && backlog >= 0) ::listen(fd.get(), backlog);
  return fd;
}
Fd rawClient(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? std::move(fd) : Fd();
}

/// Runs work in a child process, where threads may exist in the parent: system calls only. Its exit code.
int inChild(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST("a client gets a socket to the listener, which gets the client's credentials") {
  Folder folder;
  Service service(folder / "run/proxy.sock");
  CHECK(service.ok());
  if (!service.ok()) return;
  const auto answer = connectTo(folder / "run/proxy.sock");
  CHECK(answer.error == ConnectError::kNone);
  CHECK_EQ(answer.text, "");
  CHECK(service.turn());
  CHECK_EQ(service.connections.size(), 1u);
  if (service.connections.empty()) return;
  const auto& [fd, peer] = service.connections[0];
  CHECK_EQ(peer.uid, ::getuid());
  CHECK_EQ(peer.gid, ::getgid());
  CHECK_EQ(peer.pid, ::getpid());
  for (const int end : {fd.get(), answer.fd.get()}) {
    CHECK(::fcntl(end, F_GETFD) & FD_CLOEXEC);
    CHECK(::fcntl(end, F_GETFL) & O_NONBLOCK);
  }
  char bytes[8] = {};
  CHECK_EQ(::write(answer.fd.get(), "up", 2), 2);
  CHECK_EQ(::read(fd.get(), bytes, sizeof bytes), 2);
  CHECK_EQ(::write(fd.get(), "down", 4), 4);
  CHECK_EQ(::read(answer.fd.get(), bytes, sizeof bytes), 4);
  CHECK_EQ(std::string(bytes, 4), "down");
}

TEST("the listener makes its folder and socket for this user alone, whatever the umask") {
  Folder folder;
  const mode_t before = ::umask(0);
  Service service(folder / "run/proxy.sock");
  ::umask(before);
  CHECK(service.ok());
  struct stat info {};
  CHECK_EQ(::stat((folder / "run").c_str(), &info), 0);
  CHECK_EQ(info.st_mode & 07777, 0700u);
  CHECK_EQ(::stat((folder / "run/proxy.sock").c_str(), &info), 0);
  CHECK_EQ(info.st_mode & 07777, 0600u);
}

TEST("a path longer than sun_path works on both sides") {
  Folder folder;
  const std::string deep = folder / std::string(150, 'a');
  CHECK_EQ(::mkdir(deep.c_str(), 0700), 0);
  Service service(deep + "/run/proxy.sock");
  CHECK(service.ok());
  CHECK(connectTo(deep + "/run/proxy.sock").error == ConnectError::kNone);
}

TEST("200 clients of 8 threads connect at once, each gets its own connection") {
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  Service service(path);
  CHECK(service.ok());
  if (!service.ok()) return;
  std::atomic<int> connected{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; t++)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; i++) {
        const auto answer = connectTo(path);
        const char byte = 'x';
        if (answer.error == ConnectError::kNone && ::write(answer.fd.get(), &byte, 1) == 1) connected++;
      }
    });
  while (service.connections.size() < 200 && service.turn()) continue;
  for (auto& thread : threads) thread.join();
  CHECK_EQ(connected.load(), 200);
  CHECK_EQ(service.connections.size(), 200u);
  const bool all = std::all_of(service.connections.begin(), service.connections.end(), [](const auto& connection) {
    char byte = 0;
    return ::read(connection.first.get(), &byte, 1) == 1 && byte == 'x';
  });
  CHECK(all);
}

TEST("where nobody serves, the client says so and how to start") {
  Folder folder;
  for (const char* name : {"run/proxy.sock", "run/deep/proxy.sock", "proxy.sock"}) {
    const auto answer = connectTo(folder / name);
    CHECK(answer.error == ConnectError::kNoService);
    CHECK_CONTAINS(answer.text, folder / name);
    CHECK_CONTAINS(answer.text, "flowtap start");
    CHECK(!answer.fd);
  }
  // A socket whose server is gone.
  rawListener(folder / "stale.sock", 1).reset();
  CHECK(connectTo(folder / "stale.sock").error == ConnectError::kNoService);
  // A socket that is bound, but does not listen yet.
  const Fd early = rawListener(folder / "early.sock", -1);
  CHECK(connectTo(folder / "early.sock").error == ConnectError::kNoService);
}

TEST("a path that is not a file in a folder is refused by both sides") {
  for (const std::string path : {"", "proxy.sock", "run/proxy.sock", "/proxy.sock", "/", "/tmp/", "/tmp/..", "/tmp/../x",
                                 "/a/./x"}) {
    CHECK(connectTo(path).error == ConnectError::kProtocol);
    const Service service(path);
    CHECK(!service.ok());
    CHECK(!service.started.text.empty());
  }
  const std::string withNul("/tmp/a\0/proxy.sock", 18);
  CHECK(connectTo(withNul).error == ConnectError::kProtocol);
  unixsocket::SocketPath parts;
  std::string text;
  CHECK(unixsocket::splitPath("//run///user//flowtap//proxy.sock", parts, text));
  CHECK_EQ(parts.directoryPath(), "//run///user/flowtap");
  CHECK(unixsocket::splitPath("/flowtap/proxy.sock", parts, text));
  CHECK_EQ(parts.directoryPath(), "/flowtap");
}

TEST("a folder that others can reach is refused by both sides") {
  for (const mode_t mode : {0755, 0710, 0701, 0770, 01777}) {
    Folder folder;
    CHECK_EQ(::mkdir((folder / "run").c_str(), 0700), 0);
    const Fd server = rawListener(folder / "run/proxy.sock", 1);
    CHECK_EQ(::chmod((folder / "run").c_str(), mode), 0);
    const auto answer = connectTo(folder / "run/proxy.sock");
    CHECK(answer.error == ConnectError::kRefused);
    CHECK_CONTAINS(answer.text, "has mode");
    const Service service(folder / "run/proxy.sock");
    CHECK(service.started.error == Listener::StartError::kUnsafe);
    CHECK_CONTAINS(service.started.text, "has mode");
    CHECK(!exists(folder / "run/lock"));
  }
}

TEST("a symbolic link is followed in neither of the last two places") {
  Folder folder;
  Service real(folder / "real/proxy.sock");
  CHECK(real.ok());
  CHECK_EQ(::symlink((folder / "real").c_str(), (folder / "linked").c_str()), 0);
  auto answer = connectTo(folder / "linked/proxy.sock");
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "symbolic link");
  const Service throughLink(folder / "linked/proxy.sock");
  CHECK(throughLink.started.error == Listener::StartError::kUnsafe);
  CHECK_CONTAINS(throughLink.started.text, "symbolic link");

  CHECK_EQ(::mkdir((folder / "other").c_str(), 0700), 0);
  CHECK_EQ(::symlink((folder / "real/proxy.sock").c_str(), (folder / "other/proxy.sock").c_str()), 0);
  answer = connectTo(folder / "other/proxy.sock");
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "symbolic link");
  const Service overLink(folder / "other/proxy.sock");
  CHECK(overLink.started.error == Listener::StartError::kUnsafe);
  CHECK_CONTAINS(overLink.started.text, "symbolic link");

  CHECK_EQ(::mkdir((folder / "locked").c_str(), 0700), 0);
  CHECK_EQ(::symlink((folder / "victim").c_str(), (folder / "locked/lock").c_str()), 0);
  const Service lockLink(folder / "locked/proxy.sock");
  CHECK(lockLink.started.error == Listener::StartError::kUnsafe);
  CHECK(!exists(folder / "victim"));
  // A link further up is the administrator's business.
  CHECK_EQ(::mkdir((folder / "real/sub").c_str(), 0700), 0);
  Service above(folder / "linked/sub/proxy.sock");
  CHECK(above.ok());
}

TEST("what is not a folder or not a stream socket is named, and left alone") {
  Folder folder;
  Fd(::open((folder / "file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).reset();
  CHECK_CONTAINS(connectTo(folder / "file/proxy.sock").text, "not a folder");
  CHECK_EQ(::mkdir((folder / "run").c_str(), 0700), 0);
  Fd(::open((folder / "run/proxy.sock").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).reset();
  const auto answer = connectTo(folder / "run/proxy.sock");
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "not a socket");
  const Service service(folder / "run/proxy.sock");
  CHECK(service.started.error == Listener::StartError::kUnsafe);
  CHECK(exists(folder / "run/proxy.sock"));
  const Fd datagram = rawListener(folder / "run/datagram.sock", 0, SOCK_DGRAM);
  CHECK(connectTo(folder / "run/datagram.sock").error == ConnectError::kProtocol);
}

TEST("a second listener is turned away while the first lives, and a stale socket is replaced") {
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  {
    Service first(path);
    CHECK(first.ok());
    const Service second(path);
    CHECK(second.started.error == Listener::StartError::kBusy);
    CHECK_CONTAINS(second.started.text, path);
    CHECK(connectTo(path).error == ConnectError::kNone);  // the attempt has not disturbed the first
    CHECK(first.turn());
    CHECK_EQ(first.connections.size(), 1u);
  }
  CHECK(!exists(path));
  rawListener(path, 1).reset();
  CHECK(exists(path));
  Service next(path);
  CHECK(next.ok());
  CHECK(connectTo(path).error == ConnectError::kNone);
}

TEST("the lock goes with a process that was forked, and is free when it is killed") {
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  int ready[2];
  CHECK_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto started = Listener::start(path, {}, [](int fd, const Peer&) { ::close(fd); }, [](auto&&...) {});
    // A daemon's first process ends without destructors once the second runs.
    const pid_t daemon = ::fork();
    if (daemon == 0)
      for (;;) ::pause();
    if (::write(ready[1], &daemon, sizeof daemon) != sizeof daemon) ::_exit(1);
    ::_exit(started.listener ? 0 : 1);
  }
  pid_t daemon = -1;
  CHECK_EQ(::read(ready[0], &daemon, sizeof daemon), static_cast<ssize_t>(sizeof daemon));
  int status = -1;
  CHECK_EQ(::waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK(Service(path).started.error == Listener::StartError::kBusy);
  CHECK(exists(path));
  if (daemon > 0) CHECK_EQ(::kill(daemon, SIGKILL), 0);
  CHECK(eventually([&] { return Service(path).ok(); }));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST("a listener removes the socket it made, and no other") {
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  {
    Service service(path);
    CHECK(service.ok());
    CHECK_EQ(::unlink(path.c_str()), 0);  // somebody cleaned up, and another proxy serves there
    rawListener(path, 1).reset();
  }
  CHECK(exists(path));
}

TEST("a client destroyed while the service's queue is full never calls back") {
  Folder folder;
  const std::string path = folder / "proxy.sock";
  const Fd server = rawListener(path, 0);
  std::vector<Fd> waiting;
  for (Fd fd = rawClient(path); fd; fd = rawClient(path)) waiting.push_back(std::move(fd));
  CHECK(!waiting.empty());
  const int before = openFds();
  for (int i = 0; i < 50; i++) {
    std::atomic<bool> gone{false};
    const auto flag = std::make_shared<std::atomic<bool>>(false);
    {
      const auto client =
          Client::connect(path, "", "", [flag](ConnectError, const std::string&, int) { flag->store(true); });
      if (i % 2) std::this_thread::sleep_for(std::chrono::microseconds(i * 200));
    }
    CHECK(!flag->load());
  }
  CHECK_EQ(openFds(), before);
}

TEST("a client waits until the service's queue has room") {
  Folder folder;
  const std::string path = folder / "proxy.sock";
  const Fd server = rawListener(path, 0);
  std::vector<Fd> waiting;
  for (Fd fd = rawClient(path); fd; fd = rawClient(path)) waiting.push_back(std::move(fd));
  std::promise<ConnectError> answered;
  const auto client = Client::connect(path, "", "", [&](ConnectError error, const std::string&, int fd) {
    Fd(fd).reset();
    answered.set_value(error);
  });
  for (size_t i = 0; i < waiting.size(); i++) Fd(::accept(server.get(), nullptr, nullptr)).reset();
  CHECK(answered.get_future().get() == ConnectError::kNone);
}

TEST("a peer is turned away, not left waiting, when no descriptor is free") {
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  Service service(path);
  CHECK(service.ok());
  if (!service.ok()) return;
  auto first = connectTo(path), second = connectTo(path);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const Fd lowest(::dup(0));  // every descriptor below this one is taken
  const rlimit low{static_cast<rlim_t>(lowest.get()) + 1, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);
  service.started.listener->onReadable();
  ::setrlimit(RLIMIT_NOFILE, &limit);
  CHECK_EQ(service.connections.size(), 0u);
  CHECK_EQ(service.refusals.size(), 2u);
  for (const auto& refusal : service.refusals) CHECK_CONTAINS(refusal.second, "ulimit");
  char byte;
  CHECK_EQ(::read(first.fd.get(), &byte, 1), 0);
  CHECK_EQ(::read(second.fd.get(), &byte, 1), 0);
  const auto third = connectTo(path);
  CHECK(service.turn());
  CHECK_EQ(service.connections.size(), 1u);
}

TEST("root: a folder of another user is refused by both sides") {
  if (::geteuid() != 0) SKIP("needs root");
  Folder folder;
  CHECK_EQ(::mkdir((folder / "run").c_str(), 0700), 0);
  const Fd server = rawListener(folder / "run/proxy.sock", 1);
  CHECK_EQ(::chown((folder / "run").c_str(), kOtherUid, kOtherUid), 0);
  const auto answer = connectTo(folder / "run/proxy.sock");
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "belongs to uid 54321");
  const Service service(folder / "run/proxy.sock");
  CHECK(service.started.error == Listener::StartError::kUnsafe);
  CHECK_CONTAINS(service.started.text, "belongs to uid 54321");
}

TEST("root: a lock file of another user is refused") {
  if (::geteuid() != 0) SKIP("needs root");
  Folder folder;
  CHECK_EQ(::mkdir((folder / "run").c_str(), 0700), 0);
  Fd(::open((folder / "run/lock").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666)).reset();
  CHECK_EQ(::chown((folder / "run/lock").c_str(), kOtherUid, kOtherUid), 0);
  CHECK(Service(folder / "run/proxy.sock").started.error == Listener::StartError::kUnsafe);
}

TEST("root: a peer of another uid is refused by the listener, which goes on") {
  if (::geteuid() != 0) SKIP("needs root");
  Folder folder;
  const std::string path = folder / "run/proxy.sock";
  Service service(path);
  CHECK(service.ok());
  if (!service.ok()) return;
  // Open up all that stands in the way, so that the peer check alone is left.
  for (const std::string& open : {folder.path(), folder / "run", path}) CHECK_EQ(::chmod(open.c_str(), 0777), 0);
  const int code = inChild([&] {
    if (::setresgid(kOtherUid, kOtherUid, kOtherUid) != 0 || ::setresuid(kOtherUid, kOtherUid, kOtherUid) != 0) return 2;
    return rawClient(path) ? 0 : 3;
  });
  CHECK_EQ(code, 0);
  CHECK(service.turn());
  CHECK_EQ(service.connections.size(), 0u);
  CHECK_EQ(service.refusals.size(), 1u);
  if (!service.refusals.empty()) {
    CHECK_EQ(service.refusals[0].first.uid, kOtherUid);
    CHECK_CONTAINS(service.refusals[0].second, "uid 54321");
  }
  for (const std::string& open : {folder.path(), folder / "run"}) CHECK_EQ(::chmod(open.c_str(), 0700), 0);
  CHECK(connectTo(path).error == ConnectError::kNone);
  CHECK(service.turn());
  CHECK_EQ(service.connections.size(), 1u);
}

TEST("root: a server of another uid is refused by the client") {
  if (::geteuid() != 0) SKIP("needs root");
  Folder folder;
  int up[2], down[2];
  CHECK_EQ(::pipe2(up, O_CLOEXEC), 0);
  CHECK_EQ(::pipe2(down, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // The impostor has got into our folder; it listens as itself, which is what the kernel tells the client.
    Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder / "proxy.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
    if (::setresuid(kOtherUid, kOtherUid, kOtherUid) != 0 || ::listen(fd.get(), 5) != 0) ::_exit(2);
    char byte = 'r';
    if (::write(up[1], &byte, 1) != 1) ::_exit(3);
    ::close(down[1]);
    (void)!::read(down[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  CHECK_EQ(::read(up[0], &byte, 1), 1);
  const auto answer = connectTo(folder / "proxy.sock");
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "uid 54321");
  CHECK_CONTAINS(answer.text, "process " + std::to_string(child));
  CHECK(!answer.fd);
  for (const int fd : {down[1], down[0], up[0], up[1]}) ::close(fd);
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK_EQ(status, 0);
}

TEST("nothing is left open") {
  static int before = -1;
  const auto round = [] {
    Folder folder;
    Service service(folder / "run/proxy.sock");
    for (int i = 0; i < 20; i++) connectTo(folder / "run/proxy.sock");
    connectTo(folder / "none/proxy.sock");
    service.turn();
    return service.connections.size();
  };
  round();
  before = openFds();
  for (int i = 0; i < 5; i++) CHECK_EQ(round(), 20u);
  CHECK_EQ(openFds(), before);
}

int main(int argc, char** argv) { return runAll(argc > 1 ? argv[1] : ""); }
