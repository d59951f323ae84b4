// The proxy as a whole on Linux: real sockets and clients, with fakes for the system's flows; and the app's check of it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "native/fd.h"
#include "native/test/folder.h"
#include "sysext/macos/app/health.h"
#include "sysext/macos/runtime/proxy.h"
#include "sysext/test/macos/fakes.h"
#include "sysext/test/macos/network.h"

using namespace flowtap;
using namespace flowtap::core;
using namespace flowtap::macos::test;
using flowtap::macos::Offered;
using flowtap::macos::Proxy;
using flowtap::macos::app::Health;
using flowtap::macos::app::HealthCheck;
using flowtap::test::eventually;

namespace {

struct Running {
  Running() {
    Proxy::Options options;
    options.endpoint = endpoint();
    options.appId = "dev.flowtap.app";
    options.tokenFile = folder / "tokens";
    options.log = [this](macos::LogLevel, const std::string& message) {
      const std::lock_guard<std::mutex> lock(mutex);
      log += message + "\n";
    };
    options.around = [this](const std::function<void()>& turn) {
      around = true;
      inside++;
      turn();
      inside--;
      around = false;
    };
    std::string error;
    proxy = Proxy::start(std::move(options), error);
    CHECK_EQ(error, "");
  }
  std::string endpoint() const { return folder / "run" + "/proxy.sock"; }
  void provide() {
    const auto attempt = proxy->startProvider([this](const std::string& error) { started = error.empty(); });
    CHECK(attempt.has_value());
    proxy->settled(*attempt, "");
    CHECK(started);
  }
  void stopProvider() {
    std::atomic<bool> stopped{false};
    proxy->stopProvider("test", [&] { stopped = true; });
    CHECK(eventually([&] { return stopped.load(); }));
  }
  /// Of this user, who watches as long as a client is connected.
  static Offered offered(const Address& remote) {
    Offered about;
    about.offer.remote = remote;
    about.offer.uid = ::getuid();
    about.offer.pid = 4711;
    about.offer.signingId = "com.example.program";
    about.process.pid = 4711;
    about.process.uid = ::getuid();
    about.process.name = "program";
    return about;
  }
  HealthCheck how() {
    HealthCheck check;
    check.endpoint = endpoint();
    check.pid = static_cast<uint32_t>(::getpid());
    check.patience = flowtap::test::patience();
    check.dial = [this](const Address& to) {
      // What the system does when a program connects: it offers the flow and waits for the verdict.
      Offered about = offered(to);
      about.offer.pid = about.process.pid = static_cast<uint32_t>(::getpid());
      about.offer.signingId = "dev.flowtap.app";
      about.process.pid = static_cast<uint32_t>(::getpid());
      if (!carriesFlows) return -dialError;
      auto port = std::make_shared<FakeStreamPort>();
      ports.push_back(port);
      proxy->takeStream(about, [port] { return port; });
      return ::socket(AF_INET, SOCK_STREAM, 0);
    };
    return check;
  }

  static inline thread_local bool around = false;  ///< this thread is inside what the platform puts around a turn
  std::atomic<int> inside{0};
  flowtap::test::Folder folder;
  std::mutex mutex;
  std::string log;
  std::vector<std::shared_ptr<FakeStreamPort>> ports;
  std::unique_ptr<Proxy> proxy;
  bool started = false;
  bool carriesFlows = true;
  int dialError = EINTR;
};

/// A client that watches, so that this user's flows are taken.
struct Watcher {
  explicit Watcher(const Running& running) {
    std::atomic<int> got{-2};
    const auto client = Client::connect(running.endpoint(), "", "", [&](ConnectError, const std::string&, int fd) { got = fd; });
    CHECK(eventually([&] { return got != -2; }));
    socket.reset(got);
    wire::ClientFrame hello, subscribe;
    hello.hello.emplace().versions = {1};
    subscribe.subscribe.emplace().bodyLimit = 16384;
    for (const auto& frame : {hello, subscribe}) {
      const std::string bytes = core::test::FakeClient::framed(wire::serialise(frame));
      CHECK_EQ(::write(socket.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    CHECK(await([](const wire::ProxyFrame& frame) { return frame.snapshotEnd.has_value(); }));
  }
  bool await(const std::function<bool(const wire::ProxyFrame&)>& found) {
    return eventually([&] {
      char data[65536];
      ssize_t n;
      while ((n = ::recv(socket.get(), data, sizeof data, MSG_DONTWAIT)) > 0) reader.append(data, static_cast<size_t>(n));
      std::string_view bytes;
      while (reader.next(bytes) == FrameReader::Result::kFrame) {
        wire::ProxyFrame frame;
        CHECK(wire::parse(bytes.data(), bytes.size(), frame));
        if (found(frame)) return true;
      }
      return false;
    });
  }
  bool closes(CloseReason reason) {
    return await([&](const wire::ProxyFrame& frame) { return frame.closed && frame.closed->reason == reason; });
  }
  Fd socket;
  FrameReader reader;
};

/// A server of one connection, or a peer of datagrams.
struct Server {
  explicit Server(int type) : socket(::socket(AF_INET, type, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof at;
    CHECK_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    if (type == SOCK_STREAM) CHECK_EQ(::listen(socket.get(), 8), 0);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size);
    address = networkAddress(ntohs(at.sin_port));
  }
  Fd accept() {
    Fd connection(::accept(socket.get(), nullptr, nullptr));
    CHECK(connection.get() >= 0);
    return connection;
  }
  static std::string read(const Fd& from, size_t size) {
    std::string bytes;
    char data[4096];
    while (bytes.size() < size) {
      const ssize_t n = ::read(from.get(), data, sizeof data);
      if (n <= 0) break;
      bytes.append(data, static_cast<size_t>(n));
    }
    return bytes;
  }
  Fd socket;
  Address address;
};

/// A program's TCP flow that the proxy has taken, with the server's end of it, and the open connection told.
struct Relayed {
  Relayed() : watcher((running.provide(), running)), server(SOCK_STREAM) {
    CHECK(running.proxy->takeStream(Running::offered(server.address), [&] { return port; }));
    connection = server.accept();
    CHECK(eventually([&] { return port->look(port->opens) == 1; }));
    port->finishOpen();
  }
  Running running;
  Watcher watcher;
  Server server;
  const std::shared_ptr<FakeStreamPort> port = std::make_shared<FakeStreamPort>();
  Fd connection;
};

TEST("health: the proxy answers, and a flow made for the purpose comes through") {
  Running running;
  running.provide();
  const Health health = macos::app::check(running.how());
  CHECK(health.connect == ConnectError::kNone);
  CHECK(health.answered && health.seen);
  CHECK(!health.build.empty());
  CHECK(eventually([&] { return running.ports.at(0)->look(running.ports[0]->readCloses).size() == 1; }));
  CHECK(running.ports[0]->readCloses[0] == NeError::kRefused);
}

TEST("health: a proxy that runs and gets no flows is told from one that is offline, and from one that is not there") {
  Running running;
  HealthCheck how = running.how();
  how.patience = 300;  // it is waited for what does not come
  const Health stopped = macos::app::check(how);  // no provider: the flow is left alone
  CHECK(stopped.answered && !stopped.seen);
  CHECK_EQ(stopped.dialError, 0);
  running.provide();
  running.carriesFlows = false;
  running.dialError = ENETUNREACH;
  const Health offline = macos::app::check(how);
  CHECK(offline.answered && !offline.seen);
  CHECK_EQ(offline.dialError, ENETUNREACH);
  how.endpoint = running.folder / "elsewhere" + "/proxy.sock";
  how.others = {running.endpoint()};
  const Health stale = macos::app::check(how);
  CHECK(stale.connect == ConnectError::kNoService);
  CHECK(stale.staleAnswers);
}

TEST("a stop is told to clients, and another start goes on with the same endpoint") {
  Running running;
  running.provide();
  Watcher watcher(running);
  running.stopProvider();
  CHECK(watcher.await([](const wire::ProxyFrame& frame) {
    return frame.status && frame.status->text.find("stopped") != std::string::npos;
  }));
  running.provide();
  CHECK(watcher.await([](const wire::ProxyFrame& frame) { return frame.status && frame.status->text.empty(); }));
  CHECK(macos::app::check(running.how()).seen);
}

TEST("flows of nobody's interest, and all flows while it is stopped, are left alone") {
  Running running;
  Address remote = neSyntheticAddress(80);
  remote.bytes[3] = 9;
  bool made = false;
  const auto port = [&] {
    made = true;
    return std::make_shared<FakeStreamPort>();
  };
  CHECK(!running.proxy->takeStream(Running::offered(remote), port));
  running.provide();
  CHECK(!running.proxy->takeStream(Running::offered(remote), port));
  CHECK(!made);
  Watcher watcher(running);
  if (::getuid() == 0) return;  // root's watcher sees everybody's flows
  Offered other = Running::offered(remote);
  other.offer.uid = ::getuid() + 1;
  CHECK(!running.proxy->takeStream(other, port));
  CHECK(!made);
}

TEST("a TCP flow through real sockets: both ways, half-close, and in order to its end") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Relayed flow;
  const auto& port = flow.port;
  CHECK(eventually([&] { return port->isReading(); }));
  port->give("question");
  CHECK_EQ(Server::read(flow.connection, 8), "question");
  CHECK(eventually([&] { return port->isReading(); }));
  port->give("");
  CHECK_EQ(Server::read(flow.connection, 1), "");  // the end came across
  const std::string answer(3'000'000, 'x');
  std::thread writer([&] {
    size_t sent = 0;
    while (sent < answer.size()) {
      const ssize_t n = ::write(flow.connection.get(), answer.data() + sent, answer.size() - sent);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    ::shutdown(flow.connection.get(), SHUT_WR);
  });
  CHECK(eventually([&] {
    if (port->look(port->writing)) port->finishWrite();
    return port->look(port->readCloses).size() == 1;
  }));
  writer.join();
  CHECK(port->look(port->written) == answer);
  CHECK(port->look(port->writeCloses) == std::vector<NeError>{NeError::kNone});
  CHECK(flow.watcher.closes(CloseReason::kEof));
}

TEST("the proxy's thread calls the system inside what the platform puts around a turn, and waits outside") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Running running;
  running.provide();
  Watcher watcher(running);
  Server server(SOCK_STREAM);
  std::atomic<int> calls{0}, outside{0};
  const auto port = std::make_shared<FakeStreamPort>();
  port->onCall = [&] {
    calls++;
    if (!Running::around) outside++;
  };
  CHECK(running.proxy->takeStream(Running::offered(server.address), [&] { return port; }));
  const Fd connection = server.accept();
  CHECK(eventually([&] { return port->look(port->opens) == 1; }));
  port->finishOpen();
  CHECK(eventually([&] { return port->isReading(); }));
  CHECK_EQ(::write(connection.get(), "answer", 6), 6);
  CHECK(eventually([&] { return port->look(port->written) == "answer"; }));
  port->finishWrite();
  CHECK(eventually([&] { return running.inside == 0; }));
  std::atomic<int> stopped{-1};
  running.proxy->stopProvider("test", [&] { stopped = Running::around; });
  CHECK(eventually([&] { return stopped != -1; }));
  CHECK_EQ(stopped.load(), 1);
  CHECK(eventually([&] { return !port->look(port->readCloses).empty(); }));
  CHECK(calls >= 5);  // open, read, write, and both ends
  CHECK_EQ(outside.load(), 0);
}

TEST("a flow that the system knows only by a name: resolved, or told as unreachable") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Running running;
  running.provide();
  Watcher watcher(running);
  Server server(SOCK_STREAM);
  Address unresolved;
  unresolved.port = server.address.port;
  Offered about = Running::offered(unresolved);
  about.offer.named = true;
  about.host = "localhost";
  const auto port = std::make_shared<FakeStreamPort>();
  CHECK(running.proxy->takeStream(about, [&] { return port; }));
  const Fd connection = server.accept();
  CHECK(eventually([&] { return port->look(port->opens) == 1; }));
  CHECK(watcher.await([&](const wire::ProxyFrame& frame) {
    return frame.opened && frame.opened->host == "localhost" && frame.opened->destination &&
           frame.opened->destination->port == server.address.port;
  }));
  about.host = "no-such-name.invalid";
  const auto nobody = std::make_shared<FakeStreamPort>();
  CHECK(running.proxy->takeStream(about, [&] { return nobody; }));
  CHECK(watcher.closes(CloseReason::kUnreachable));
  CHECK(eventually([&] { return !nobody->look(nobody->readCloses).empty(); }));
  CHECK(nobody->look(nobody->readCloses) == std::vector<NeError>{NeError::kHostUnreachable});
}

TEST("a server that refuses: the program sees it, and was never connected") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Running running;
  running.provide();
  Watcher watcher(running);
  Address nobody = networkAddress(1);
  const auto port = std::make_shared<FakeStreamPort>();
  CHECK(running.proxy->takeStream(Running::offered(nobody), [&] { return port; }));
  CHECK(watcher.closes(CloseReason::kRefused));
  CHECK(eventually([&] { return !port->look(port->readCloses).empty(); }));
  CHECK(port->look(port->readCloses) == std::vector<NeError>{NeError::kRefused});
  CHECK_EQ(port->look(port->opens), 0);
}

TEST("a server that resets its connection") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Relayed flow;
  const auto& port = flow.port;
  const linger abort{1, 0};
  ::setsockopt(flow.connection.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  flow.connection.reset();
  CHECK(flow.watcher.closes(CloseReason::kResetByServer));
  CHECK(eventually([&] { return !port->look(port->writeCloses).empty(); }));
  CHECK(port->look(port->writeCloses).back() == NeError::kPeerReset);
}

TEST("datagrams through real sockets, and stop with flows live") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Running running;
  running.provide();
  Watcher watcher(running);
  Server one(SOCK_DGRAM), two(SOCK_DGRAM);
  const auto port = std::make_shared<FakeDatagramPort>();
  Offered about = Running::offered(one.address);
  about.offer.protocol = Protocol::kUdp;
  CHECK(running.proxy->takeDatagrams(about, [&] { return port; }));
  CHECK(eventually([&] { return port->look(port->opens) == 1; }));
  port->finishOpen();
  CHECK(eventually([&] { return port->isReading(); }));
  port->give({{"to one", one.address}, {"to two", two.address}});
  sockaddr_storage from[2];
  for (Server* server : {&one, &two}) {
    char data[100];
    socklen_t size = sizeof from[0];
    sockaddr_storage& sender = from[server == &two];
    const ssize_t n = ::recvfrom(server->socket.get(), data, sizeof data, 0, reinterpret_cast<sockaddr*>(&sender), &size);
    CHECK_EQ(std::string(data, static_cast<size_t>(n > 0 ? n : 0)), server == &one ? "to one" : "to two");
    CHECK_EQ(::sendto(server->socket.get(), "back", 4, 0, reinterpret_cast<sockaddr*>(&sender), size), 4);
  }
  // One socket for all peers, as the program has.
  CHECK_EQ(reinterpret_cast<sockaddr_in&>(from[0]).sin_port, reinterpret_cast<sockaddr_in&>(from[1]).sin_port);
  CHECK(eventually([&] {
    if (port->look(port->writing)) port->finishWrite();
    return port->look(port->written).size() == 2;
  }));
  running.stopProvider();
  CHECK(watcher.closes(CloseReason::kProxyStopped));
  CHECK(port->look(port->readCloses) == std::vector<NeError>{NeError::kAborted});
}

TEST("sleep and wake, with flows live, change nothing for them") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  Relayed flow;
  const auto& port = flow.port;
  flow.running.proxy->sleep();
  flow.running.proxy->wake();
  CHECK(eventually([&] { return port->isReading(); }));
  port->give("awake");
  CHECK_EQ(Server::read(flow.connection, 5), "awake");
}

TEST("the proxy ends while flows are dialled, opened and relayed: nothing is left, and late completions do no harm") {
  if (!networkProblem().empty()) SKIP(networkProblem());
  const int before = flowtap::test::openFds();
  std::vector<std::shared_ptr<FakeStreamPort>> ports;
  {
    Running running;
    running.provide();
    Watcher watcher(running);
    Server server(SOCK_STREAM);
    for (int i = 0; i < 3; i++) {
      ports.push_back(std::make_shared<FakeStreamPort>());
      CHECK(running.proxy->takeStream(Running::offered(server.address), [&] { return ports.back(); }));
    }
    const Fd one = server.accept(), two = server.accept(), three = server.accept();
    CHECK(eventually([&] { return ports[0]->look(ports[0]->opens) == 1 && ports[1]->look(ports[1]->opens) == 1; }));
    ports[0]->finishOpen();
    running.proxy.reset();
    for (const auto& port : ports) CHECK_EQ(port->look(port->readCloses).size(), 1u);
    ports.clear();
  }
  CHECK_EQ(flowtap::test::openFds(), before);
}

}  // namespace
