// Clients on real sockets: descriptors that come along, and captures made of them.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/test/check.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/client_connection.h"
#include "sysext/linux/daemon/system_clock.h"
#include "sysext/linux/frame_socket.h"

namespace {

using namespace flowtap;
using namespace flowtap::daemon;
using Role = wire::SocketRole;

/// A daemon's inside with one client, whose other end is `socket`.
struct Room final : ClientHost {
  Room() : clock(loop), engine(clock, {}, {}) {
    int ends[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    socket = std::make_unique<linux_::FrameSocket>(Fd(ends[1]));
    client = ClientConnection::start(loop, engine, *this, Fd(ends[0]), Peer{1000, 1000, 7});
  }
  ~Room() override {
    capture.reset();
    if (client) loop.retire(*client);
    loop.emptyBins();
  }

  core::SessionIo::Attachment attach(ClientConnection&, const wire::Attach& attach, std::vector<Fd> sockets) override {
    received += sockets.size();
    auto made = Capture::make(loop, engine, attach, "test", 1000, std::move(sockets),
                              [](const Capture&, const std::string&) {});
    capture = std::move(made.capture);
    if (capture) return {};
    return {wire::RefusedCode::kProtocol, made.problem};
  }
  void stopProxy(const ClientConnection&) override {}
  void refused(const ClientConnection&, wire::RefusedCode, const std::string&) override {}
  void left(ClientConnection&) override { client = nullptr; }

  void turn() {
    for (int i = 0; i < 4; i++) {
      loop.turn(0);
      engine.flush();
      if (client) client->endIfOver();
    }
  }
  void hello() {
    wire::ClientFrame frame;
    frame.hello.emplace().versions = {1};
    socket->send(frame);
    turn();
    CHECK(socket->receive(std::chrono::milliseconds(1000)).welcome.has_value());
  }
  wire::ProxyFrame attach(const std::vector<Role>& roles, const std::vector<int>& fds,
                          core::Mode mode = core::Mode::kTproxy) {
    wire::ClientFrame frame;
    auto& message = frame.attach.emplace();
    message.mode = mode;
    message.sockets = roles;
    message.rootPid = static_cast<uint32_t>(::getpid());
    socket->send(frame, fds);
    turn();
    return socket->receive(std::chrono::milliseconds(1000));
  }

  EventLoop loop;
  SystemClock clock;
  core::Engine engine;
  std::unique_ptr<linux_::FrameSocket> socket;
  ClientConnection* client = nullptr;
  std::unique_ptr<Capture> capture;
  size_t received = 0;
};

Fd listener(int family = AF_INET) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(::listen(fd.get(), 1) == 0);
  return fd;
}

TEST("a listener that comes with Attach makes a capture, and its end closes it") {
  const int before = test::openFds();
  {
    Room room;
    room.hello();
    const Fd fd = listener();
    CHECK(room.attach({Role::kTcp4Listener}, {fd.get()}).attached.has_value());
    CHECK(room.capture != nullptr);
    // The capture's copy of the listener is non-blocking, whatever the launcher made of it.
    CHECK(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK);
    room.capture.reset();
    room.turn();
  }
  CHECK_EQ(test::openFds(), before);
}

TEST("a capture whose listener was shut down by the launcher does not keep the loop awake") {
  Room room;
  room.hello();
  const Fd fd = listener();
  CHECK(room.attach({Role::kTcp4Listener}, {fd.get()}).attached.has_value());
  ::shutdown(fd.get(), SHUT_RDWR);
  room.turn();
  const uint64_t before = room.loop.now();
  room.loop.turn(before + 30);  // returns early if the listener is still reported
  CHECK(room.loop.now() >= before + 30);
}

TEST("descriptors that are not what Attach calls them are refused and closed") {
  const int before = test::openFds();
  {
    const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Fd unbound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Fd six = listener(AF_INET6), four = listener();
    const struct {
      std::vector<Role> roles;
      std::vector<int> fds;
      const char* reason;
    } cases[] = {
        {{Role::kTcp4Listener}, {file.get()}, "is not a TCP listener over IPv4"},
        {{Role::kTcp4Listener}, {udp.get()}, "is not a TCP listener over IPv4"},
        {{Role::kTcp4Listener}, {unbound.get()}, "is not a TCP listener over IPv4"},
        {{Role::kTcp4Listener}, {six.get()}, "is not a TCP listener over IPv4"},
        {{Role::kUdp4}, {four.get()}, "is not a UDP socket over IPv4"},
        {{Role::kSockDiag}, {udp.get()}, "is not a sock_diag socket"},
        {{Role::kUdp4}, {udp.get()}, "no listener"},
        {{Role::kTcp4Listener, Role::kUdp4}, {four.get()}, "names 2 sockets and 1 came"},
        {{}, {four.get()}, "names 0 sockets and 1 came"},
        {{Role::kTcp4Listener}, {}, "names 1 sockets and 0 came"},
    };
    for (const auto& each : cases) {
      Room room;
      room.hello();
      const auto answer = room.attach(each.roles, each.fds);
      CHECK(answer.refused.has_value());
      if (answer.refused) CHECK_CONTAINS(answer.refused->text, each.reason);
      CHECK(room.client == nullptr);  // sent away
    }
    Room room;
    room.hello();
    const auto answer = room.attach({Role::kTcp4Listener}, {four.get()}, core::Mode::kKit);
    CHECK(answer.refused.has_value());
  }
  CHECK_EQ(test::openFds(), before);
}

TEST("sockets of a role that is not known yet are closed and the rest is used") {
  const int before = test::openFds();
  {
    Room room;
    room.hello();
    const Fd fd = listener(), later = listener();
    const auto role = static_cast<Role>(99);
    CHECK(room.attach({role, Role::kTcp4Listener}, {later.get(), fd.get()}).attached.has_value());
  }
  CHECK_EQ(test::openFds(), before);
}

TEST("descriptors without Attach are closed with the connection, and too many end it") {
  const int before = test::openFds();
  {
    Room room;
    room.hello();
    wire::ClientFrame frame;
    frame.getStatus.emplace();
    const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    room.socket->send(frame, std::vector<int>(10, file.get()));
    room.turn();
    CHECK(room.socket->receive(std::chrono::milliseconds(1000)).status.has_value());
    room.socket->send(frame, std::vector<int>(10, file.get()));
    room.turn();
    const auto answer = room.socket->receive(std::chrono::milliseconds(1000));
    CHECK(answer.refused.has_value());
    CHECK(room.client == nullptr);
  }
  CHECK_EQ(test::openFds(), before);
}

TEST("a client that closes in the middle of a frame leaves nothing") {
  const int before = test::openFds();
  {
    Room room;
    room.hello();
    CHECK(::send(room.socket->fd(), "\x10\0\0\0ab", 6, 0) == 6);
    room.turn();
    CHECK(room.client != nullptr);
    room.socket.reset();
    room.turn();
    CHECK(room.client == nullptr);
    CHECK(room.engine.sessions().empty());
  }
  CHECK_EQ(test::openFds(), before);
}

}  // namespace
