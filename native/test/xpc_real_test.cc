// The XPC rendezvous between processes, on the system's own XPC. launchd starts this program as the service (LaunchDaemon,
// see xpc_real.sh), everybody else as its client:
//   xpc-real-test serve NAME UID      serves NAME and the names below it; the token is granted to UID
//   xpc-real-test client NAME [FILTER]   runs the cases
//   xpc-real-test peer NAME TOKEN     connects and echoes once: 0 done, 3 refused, 1 anything else
// On the stand-in of native/shim both are one process, and the cases that need two are left out.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <future>
#include <mutex>
#include <random>

#include "native/fd.h"
#include "native/rendezvous.h"
#include "native/test/check.h"
#include "native/xpc/message.h"
#include "native/xpc/message_stream.h"
#include "native/xpc/proof.h"
#ifndef __APPLE__
#include "native/shim/shim.h"
#endif

extern char** environ;

using namespace flowtap;
using namespace flowtap::test;
using namespace flowtap::xpc;

namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef";
const std::string kOtherToken = "fedcba9876543210fedcba9876543210";
/// What this program is signed as (ad hoc, so that there is no team to ask for), and what it is not.
const std::string kSigned = "identifier \"dev.flowtap.xpc-test\"";
const std::string kNotSigned = "identifier \"dev.flowtap.somebody-else\"";
std::string program, name;

/// The stand-in asks who makes a connection, thread by thread; the system knows.
void beThisProgram() {
#ifndef __APPLE__
  shim::become({::getuid(), ::getgid(), ::getpid(), kSigned});
#endif
}

// ---- plain streams ----

void makeBlocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }
bool writeAll(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}
std::string readAll(int fd) {
  std::string all;
  char bytes[65536];
  for (ssize_t n; (n = ::read(fd, bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(n));
  return all;
}
std::string readLine(int fd) {
  std::string line;
  for (char c; ::read(fd, &c, 1) == 1 && c != '\n';) line.push_back(c);
  return line;
}
std::string pattern(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// ---- the service ----

/// Says whom the kernel named and who is speaking, then sends back what comes.
void echo(int fd, const Peer& peer) {
  std::thread([owned = Fd(fd), peer] {
    makeBlocking(owned.get());
    writeAll(owned.get(), std::to_string(peer.uid) + ' ' + std::to_string(peer.pid) + ' ' +
                              (peer.trusted ? "trusted" : "untrusted") + '\n' + std::to_string(::getpid()) + '\n');
    char bytes[65536];
    for (ssize_t n; (n = ::read(owned.get(), bytes, sizeof bytes)) > 0;)
      if (!writeAll(owned.get(), std::string(bytes, static_cast<size_t>(n)))) break;
  }).detach();
}

std::vector<std::unique_ptr<Listener>> serve(uid_t granted) {
  const auto tokens = [granted](const Peer& peer) {
    return peer.uid == granted ? std::vector<std::string>{kOtherToken + "x", kToken} : std::vector<std::string>();
  };
  const auto onRefused = [](const Peer& peer, const std::string& reason) {
    std::fprintf(stderr, "refused uid %d pid %d: %s\n", static_cast<int>(peer.uid), static_cast<int>(peer.pid), reason.c_str());
  };
  std::vector<std::unique_ptr<Listener>> listeners;
  const auto add = [&](const char* suffix, ListenerOptions options) {
    listeners.push_back(Listener::start(name + suffix, std::move(options), echo, onRefused).listener);
  };
  add("", {"", "", tokens});
  add(".trusted", {"", kSigned, nullptr});
  add(".strict", {kNotSigned, "", tokens});
  // The service ends in the middle of a handshake, as often as it is asked.
  add(".dying", {"", "", [](const Peer&) -> std::vector<std::string> {
                   ::kill(::getpid(), SIGKILL);
                   return {};
                 }});
  return listeners;
}

// ---- its clients ----

struct Answer {
  ConnectError error = ConnectError::kProtocol;
  std::string text = "no answer";
  Fd fd;
};
Answer connectTo(const std::string& service, const std::string& token, const std::string& requirement = "") {
  beThisProgram();
  std::promise<Answer> promise;
  auto future = promise.get_future();
  const auto client = Client::connect(service, requirement, token, [&](ConnectError error, const std::string& text, int fd) {
    promise.set_value({error, text, Fd(fd)});
  });
  // The client gives up by itself, so it need not be given up on.
  Answer answer = future.get();
  if (answer.fd) makeBlocking(answer.fd.get());
  return answer;
}

/// The first line of echo().
std::string named(const char* trust) {
  return std::to_string(::getuid()) + ' ' + std::to_string(::getpid()) + ' ' + trust;
}
/// Whether everything comes back as it was sent, and then the end.
bool echoes(int fd, const std::string& bytes) {
  bool written = false;
  std::thread writer([&] {
    written = writeAll(fd, bytes);
    ::shutdown(fd, SHUT_WR);
  });
  const std::string back = readAll(fd);
  writer.join();
  return written && back == bytes;
}

int peer(const std::string& token, unsigned seed) {
  const Answer answer = connectTo(name, token);
  if (answer.error == ConnectError::kRefused) return 3;
  if (answer.error != ConnectError::kNone) return 1;
  const bool known = readLine(answer.fd.get()) == named("untrusted");
  readLine(answer.fd.get());
  return known && echoes(answer.fd.get(), pattern(1 << 20, seed)) ? 0 : 1;
}

/// A handshake by hand, for a stream inside messages: a Client takes a descriptor wherever the system lets it have one.
class MessagesClient {
 public:
  MessagesClient() : queue_("test.client") {
    beThisProgram();
    connection_ = Connection(
        xpc_connection_create_mach_service(name.c_str(), queue_.get(), XPC_CONNECTION_MACH_SERVICE_PRIVILEGED));
    const auto shared = shared_;
    xpc_connection_set_event_handler(connection_.get(), ^(xpc_object_t event) {
      const std::lock_guard<std::mutex> lock(shared->mutex);
      if (!shared->stream) return;
      if (xpc_get_type(event) == XPC_TYPE_DICTIONARY) shared->stream->onMessage(event);
      else shared->stream->onError();
    });
    xpc_connection_activate(connection_.get());
  }
  ~MessagesClient() { xpc_connection_cancel(connection_.get()); }
  /// The user's end; none where a step fails.
  Fd connect() {
    Fd user;
    const Object hello = ask(makeMessage(Op::kHello));
    if (!good(hello)) return user;
    const Object open = makeMessage(Op::kOpen);
    setBytes(open.get(), kKeyProof, makeProof(kToken, name, getBytes(hello.get(), kKeyNonce, kNonceSize)));
    xpc_dictionary_set_uint64(open.get(), kKeyTransports, kMessages);
    const Object opened = ask(open);
    if (!good(opened) || xpc_dictionary_get_uint64(opened.get(), kKeyTransport) != kMessages) return user;
    {
      const std::lock_guard<std::mutex> lock(shared_->mutex);
      shared_->stream = MessageStream::start(connection_.get(), user);
      if (!shared_->stream) return user;
    }
    if (!good(ask(makeMessage(Op::kTaken)))) user.reset();
    if (user) makeBlocking(user.get());
    return user;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::shared_ptr<MessageStream> stream;
  };
  Object ask(const Object& message) {
    const auto promise = std::make_shared<std::promise<xpc_object_t>>();
    auto future = promise->get_future();
    xpc_connection_send_message_with_reply(connection_.get(), message.get(), queue_.get(), ^(xpc_object_t reply) {
      promise->set_value(xpc_retain(reply));
    });
    return Object(future.get());
  }
  static bool good(const Object& reply) {
    return xpc_get_type(reply.get()) == XPC_TYPE_DICTIONARY && xpc_dictionary_get_uint64(reply.get(), kKeyError) == 0;
  }

  const Queue queue_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Connection connection_;
};

}  // namespace

TEST("a descriptor crosses: the service knows its peer from the kernel, and the bytes go both ways") {
  const Answer answer = connectTo(name, kToken);
  CHECK_EQ(answer.text, "");
  CHECK(answer.error == ConnectError::kNone);
  if (!answer.fd) return CHECK(answer.fd);
  CHECK(::fcntl(answer.fd.get(), F_GETFD) & FD_CLOEXEC);
  CHECK_EQ(readLine(answer.fd.get()), named("untrusted"));
  CHECK(!readLine(answer.fd.get()).empty());
  CHECK(echoes(answer.fd.get(), pattern(4 << 20, 1)));
}

TEST("no token and a wrong one are refused, and the right one is taken afterwards") {
  for (const std::string& token : {std::string(), kOtherToken, kToken + "x"}) {
    const Answer answer = connectTo(name, token);
    CHECK(answer.error == ConnectError::kRefused);
    CHECK(!answer.fd);
    CHECK_CONTAINS(answer.text, "no token");
  }
  CHECK(connectTo(name, kToken).error == ConnectError::kNone);
}

TEST("a peer that is signed as trusted needs no token") {
  const Answer answer = connectTo(name + ".trusted", "");
  CHECK_EQ(answer.text, "");
  if (answer.fd) CHECK_EQ(readLine(answer.fd.get()), named("trusted"));
  else CHECK(answer.fd);
}

TEST("a peer that is not signed as the service requires gets nothing") {
  const Answer answer = connectTo(name + ".strict", kToken);
  CHECK(answer.error != ConnectError::kNone);
  CHECK(!answer.fd);
}

TEST("a client takes a service that is signed as it requires, and no other") {
  CHECK(connectTo(name, kToken, kSigned).error == ConnectError::kNone);
  const Answer refused = connectTo(name, kToken, kNotSigned);
  CHECK(refused.error == ConnectError::kRefused);
  CHECK_CONTAINS(refused.text, "do not trust it");
}

TEST("a name that nobody registered is no service") {
  const Answer answer = connectTo(name + ".absent", kToken);
  CHECK(answer.error == ConnectError::kNoService);
  CHECK_CONTAINS(answer.text, name + ".absent");
}

TEST("64 clients of 8 threads at once: each has a stream of its own") {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; t++)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 8; i++) good += peer(kToken, t * 8 + i) == 0;
    });
  for (auto& thread : threads) thread.join();
  CHECK_EQ(good.load(), 64);
}

TEST("the stream inside messages is whole, more than its window, in both directions, and ends") {
  MessagesClient client;
  const Fd stream = client.connect();
  if (!stream) return CHECK(stream);
  CHECK_EQ(readLine(stream.get()), named("untrusted"));
  readLine(stream.get());
  CHECK(echoes(stream.get(), pattern(4 << 20, 2)));
}

#ifdef __APPLE__
namespace {
/// This program again, as a peer; its exit status, -1 where it was killed or did not start.
std::vector<int> statusesOf(const std::vector<std::vector<std::string>>& commands) {
  std::vector<pid_t> started;
  for (const auto& command : commands) {
    std::vector<char*> argv;
    for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_t pid = -1;
    if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) pid = -1;
    started.push_back(pid);
  }
  std::vector<int> statuses;
  for (const pid_t pid : started) {
    int status = 0;
    const bool ended = pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status);
    statuses.push_back(ended ? WEXITSTATUS(status) : -1);
  }
  return statuses;
}
}  // namespace

TEST("8 processes at once, each named by its own pid, and those with a wrong token refused among them") {
  std::vector<std::vector<std::string>> commands;
  std::vector<int> expected;
  for (int i = 0; i < 8; i++) {
    commands.push_back({program, "peer", name, i % 4 == 3 ? kOtherToken : kToken});
    expected.push_back(i % 4 == 3 ? 3 : 0);
  }
  CHECK(statusesOf(commands) == expected);
}

TEST("the token of one user lets no other in") {
  if (::getuid() == 0) SKIP("root is the other user here");
  if (statusesOf({{"sudo", "-n", "true"}})[0] != 0) SKIP("sudo asks for a password");
  CHECK_EQ(statusesOf({{"sudo", "-n", program, "peer", name, kToken}})[0], 3);
}

TEST("a service that is killed ends its streams and interrupts a handshake; launchd starts the next, and it serves") {
  const Answer before = connectTo(name, kToken);
  if (!before.fd) return CHECK(before.fd);
  readLine(before.fd.get());
  const std::string pid = readLine(before.fd.get());
  char echoed = 0;
  CHECK(writeAll(before.fd.get(), "x") && ::read(before.fd.get(), &echoed, 1) == 1 && echoed == 'x');
  CHECK(connectTo(name + ".dying", kToken).error == ConnectError::kInterrupted);
  CHECK_EQ(readAll(before.fd.get()), "");  // the end, instead of waiting for ever
  // launchd starts a job again at most once in its ThrottleInterval; each attempt waits five seconds by itself.
  Answer after;
  for (int attempt = 0; attempt < 20 && !after.fd; attempt++) {
    after = connectTo(name, kToken);
    if (after.fd) break;
    CHECK(after.error == ConnectError::kInterrupted);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (!after.fd) return CHECK(after.fd);
  readLine(after.fd.get());
  const std::string next = readLine(after.fd.get());
  CHECK(!next.empty());
  CHECK(next != pid);
  CHECK(echoes(after.fd.get(), pattern(1 << 20, 3)));
}

TEST("a service that registered its name and does not listen is given up on") {
  const Answer answer = connectTo(name + ".unserved", kToken);
  CHECK(answer.error == ConnectError::kInterrupted);
  CHECK_CONTAINS(answer.text, "hangs");
}
#endif

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  program = argv[0];
#ifndef __APPLE__
  if (argc > 1) return 2;
  name = "dev.flowtap.xpc-test";
  beThisProgram();
  auto listeners = serve(::getuid());
  const int failed = runAll();
  listeners.clear();
  // The threads of the stand-in must be idle before the process ends, and nothing may be left.
  const bool gone = eventually([] {
    shim::fireTimers();
    return shim::liveObjects() == 0;
  });
  if (!gone) std::printf("%ld objects are left\n", shim::liveObjects());
  return failed || !gone;
#else
  const std::string mode = argc > 2 ? argv[1] : "";
  name = argc > 2 ? argv[2] : "";
  if (mode == "serve" && argc == 4) {
    const auto listeners = serve(static_cast<uid_t>(std::atoi(argv[3])));
    for (;;) ::pause();
  }
  ::alarm(600);  // a stream that never ends is a failure, not a job that hangs
  if (mode == "peer" && argc == 4) return peer(argv[3], 4);
  if (mode == "client") return runAll(argc > 3 ? argv[3] : "");
  std::fprintf(stderr, "xpc-real-test serve NAME UID | client NAME [FILTER] | peer NAME TOKEN\n");
  return 2;
#endif
}
