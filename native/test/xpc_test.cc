// The XPC rendezvous, the very source that macOS runs, on the stand-in of native/shim: its order of events, its traps and
// its deaths at every step. What only a Mac can show is listed in docs/macos.md.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <xpc/xpc.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <random>

#include "native/fd.h"
#include "native/rendezvous.h"
#include "native/shim/left.h"
#include "native/test/check.h"
#include "native/xpc/message.h"
#include "native/xpc/proof.h"
#include "native/xpc/tokens.h"

using namespace flowtap;
using namespace flowtap::test;
using namespace flowtap::xpc;

namespace {

const std::string kName = "group.flowtap.endpoint.1";
const std::string kToken = "0123456789abcdef0123456789abcdef";
const std::string kOtherToken = "fedcba9876543210fedcba9876543210";
const shim::Identity kExtension{0, 0, 100, "extension"};
const shim::Identity kOlder{0, 0, 99, "extension"};  // another process of it
const shim::Identity kEditor{501, 20, 501001, "editor"};
const shim::Identity kOther{502, 20, 502001, "editor"};
const shim::Identity kApp{501, 20, 501002, "flowtap-team"};

/// A proxy: it keeps the connections it was given, and what it refused.
class Proxy {
 public:
  explicit Proxy(ListenerOptions options = defaults()) {
    const auto before = shim::self();
    shim::become(kExtension);
    listener_ = Listener::start(
                    kName, std::move(options),
                    [this](int fd, const Peer& peer) {
                      const std::lock_guard<std::mutex> lock(mutex_);
                      connections_.emplace_back(Fd(fd), peer);
                    },
                    [this](const Peer& peer, const std::string& reason) {
                      const std::lock_guard<std::mutex> lock(mutex_);
                      refusals_.emplace_back(peer, reason);
                    })
                    .listener;
    shim::become(before);
  }
  static ListenerOptions defaults() {
    ListenerOptions options;
    options.trusted = "flowtap-team";
    options.tokens = [](const Peer& peer) {
      return peer.uid == 501 ? std::vector<std::string>{kOtherToken + "x", kToken} : std::vector<std::string>{kOtherToken};
    };
    return options;
  }
  void stop() { listener_.reset(); }
  std::vector<std::pair<Fd, Peer>> takeConnections() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::move(connections_);
  }
  size_t connections() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return connections_.size();
  }
  std::vector<std::pair<Peer, std::string>> refusals() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return refusals_;
  }
  bool refused(const std::string& part, uid_t uid) {
    return eventually([&] {
      for (const auto& refusal : refusals())
        if (refusal.first.uid == uid && refusal.second.find(part) != std::string::npos) return true;
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<Fd, Peer>> connections_;
  std::vector<std::pair<Peer, std::string>> refusals_;
  std::unique_ptr<Listener> listener_;  // last: gone before what its callbacks use
};

struct Answer {
  ConnectError error = ConnectError::kProtocol;
  std::string text;
  Fd fd;
};
/// Where the answer goes that nobody may give twice.
struct Pending {
  std::promise<Answer> promise;
  std::future<Answer> future = promise.get_future();
  std::unique_ptr<Client> client;
  bool ready() const { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  Answer get() {
    if (future.wait_for(std::chrono::milliseconds(patience())) != std::future_status::ready) {
      std::printf("  no answer\n");
      return {};
    }
    return future.get();
  }
};
std::unique_ptr<Pending> connecting(const shim::Identity& as, const std::string& token, const std::string& requirement = "",
                                    const std::string& name = kName) {
  shim::become(as);
  auto pending = std::make_unique<Pending>();
  auto* const p = pending.get();
  p->client = Client::connect(name, requirement, token, [p](ConnectError error, const std::string& text, int fd) {
    p->promise.set_value({error, text, Fd(fd)});
  });
  return pending;
}
Answer connectAs(const shim::Identity& as, const std::string& token, const std::string& requirement = "") {
  return connecting(as, token, requirement)->get();
}

/// A client that says what it likes.
class RawClient {
 public:
  explicit RawClient(const shim::Identity& as) : queue_("test.client") {
    shim::become(as);
    connection_ = Connection(xpc_connection_create_mach_service(kName.c_str(), queue_.get(), XPC_CONNECTION_MACH_SERVICE_PRIVILEGED));
    const auto ended = ended_;
    xpc_connection_set_event_handler(connection_.get(), ^(xpc_object_t event) {
      if (xpc_get_type(event) == XPC_TYPE_ERROR) *ended = true;
    });
    xpc_connection_activate(connection_.get());
  }
  ~RawClient() { xpc_connection_cancel(connection_.get()); }
  /// The reply; an error object where there is none.
  Object ask(const Object& message) {
    auto promise = std::make_shared<std::promise<xpc_object_t>>();
    auto future = promise->get_future();
    xpc_connection_send_message_with_reply(connection_.get(), message.get(), queue_.get(), ^(xpc_object_t reply) {
      promise->set_value(xpc_retain(reply));
    });
    return Object(future.get());
  }
  void tell(const Object& message) { xpc_connection_send_message(connection_.get(), message.get()); }
  /// Sends a request whose answer nobody waits for.
  void askAndForget(const Object& message) {
    xpc_connection_send_message_with_reply(connection_.get(), message.get(), queue_.get(), ^(xpc_object_t) {
    });
  }
  Object hello() { return ask(makeMessage(Op::kHello)); }
  Object open(const std::string& proof, uint64_t transports = kDescriptor) {
    const Object message = makeMessage(Op::kOpen);
    setBytes(message.get(), kKeyProof, proof);
    xpc_dictionary_set_uint64(message.get(), kKeyTransports, transports);
    return ask(message);
  }
  std::string nonce() { return getBytes(hello().get(), kKeyNonce, 64); }
  bool ended() const { return *ended_; }

 private:
  const Queue queue_;
  const std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);
  Connection connection_;
};
ConnectError errorOf(const Object& reply) {
  if (xpc_get_type(reply.get()) != XPC_TYPE_DICTIONARY) return ConnectError::kInterrupted;
  return static_cast<ConnectError>(xpc_dictionary_get_uint64(reply.get(), kKeyError));
}

/// A service that says what it likes: answer(request, reply) fills in the reply and returns whether to send it.
class RawService {
 public:
  using Respond = std::function<bool(Op op, xpc_object_t request, xpc_object_t reply)>;
  explicit RawService(Respond respond, const shim::Identity& as = kOlder) : queue_("test.service") {
    const auto before = shim::self();
    shim::become(as);
    connection_ = Connection(xpc_connection_create_mach_service(kName.c_str(), queue_.get(), XPC_CONNECTION_MACH_SERVICE_LISTENER));
    const auto shared = std::make_shared<Respond>(std::move(respond));
    xpc_connection_set_event_handler(connection_.get(), ^(xpc_object_t event) {
      if (xpc_get_type(event) != XPC_TYPE_CONNECTION) return;
      const auto peer = static_cast<xpc_connection_t>(event);
      xpc_connection_set_event_handler(peer, ^(xpc_object_t request) {
        if (request == XPC_ERROR_CONNECTION_INVALID) xpc_connection_cancel(peer);
        if (xpc_get_type(request) != XPC_TYPE_DICTIONARY) return;
        const Object reply(xpc_dictionary_create_reply(request));
        if (!reply) return;
        xpc_dictionary_set_uint64(reply.get(), kKeyVersion, kVersion);
        if ((*shared)(opOf(request), request, reply.get())) xpc_connection_send_message(peer, reply.get());
      });
      xpc_connection_activate(peer);
    });
    xpc_connection_activate(connection_.get());
    shim::become(before);
  }
  ~RawService() { xpc_connection_cancel(connection_.get()); }

 private:
  const Queue queue_;
  Connection connection_;
};

void setGoodHello(xpc_object_t reply) {
  setBytes(reply, kKeyNonce, std::string(kNonceSize, 'n'));
  xpc_dictionary_set_uint64(reply, kKeyNeedsToken, 1);
}

/// Blocking from now on, so that a test can use plain read and write.
void makeBlocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }
std::string readAll(int fd) {
  std::string all;
  char bytes[65536];
  for (ssize_t n; (n = ::read(fd, bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(n));
  return all;
}
bool writeAll(int fd, const std::string& bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}
std::string pattern(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

/// Runs a case twice and compares what is left: no object, no descriptor.
void leavesNothing(const std::function<void()>& body) {
  body();
  shim::fireTimers();
  CHECK(shim::nothingIsLeft());
  const int before = openFds();
  body();
  CHECK(shim::nothingIsLeft());
  const bool closed = eventually([before] { return openFds() == before; });
  if (!closed) std::printf("  %d descriptors before, %d after\n", before, openFds());
  CHECK(closed);
}

struct RefuseFds {
  RefuseFds(bool creating, bool taking) { shim::refuseFds(creating, taking); }
  ~RefuseFds() { shim::refuseFds(false, false); }
};

// ---- granting and revoking ----

/// A service that keeps what it was granted, as the system extension does.
struct Granting {
  std::mutex mutex;
  std::map<uid_t, std::vector<std::string>> tokens;
  std::string problem;
  int changes = 0;
  Proxy proxy{options()};

  ListenerOptions options() {
    ListenerOptions options;
    options.trusted = "flowtap-team";
    options.tokens = [this](const Peer& peer) {
      const std::lock_guard<std::mutex> lock(mutex);
      return tokens[peer.uid];
    };
    options.onTokenChange = [this](const Peer& peer, const TokenChange& change) {
      const std::lock_guard<std::mutex> lock(mutex);
      changes++;
      if (!problem.empty()) return problem;
      auto& of = tokens[peer.uid];
      if (change.grant) of.push_back(change.token);
      else if (change.token.empty()) of.clear();
      else of.erase(std::remove(of.begin(), of.end(), change.token), of.end());
      return std::string();
    };
    return options;
  }
  Answer change(const shim::Identity& as, bool grant, const std::string& token) {
    shim::become(as);
    Pending pending;
    pending.client = changeToken(kName, "", {grant, token}, [&](ConnectError error, const std::string& text) {
      pending.promise.set_value({error, text, Fd()});
    });
    return pending.get();
  }
};

TEST("a program of the team grants a token, which lets in its own user's programs and no others") {
  Granting service;
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kRefused);
  CHECK(service.change(kApp, true, kToken).error == ConnectError::kNone);
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  CHECK(connectAs(kEditor, kOtherToken).error == ConnectError::kRefused);
  CHECK(connectAs(kOther, kToken).error == ConnectError::kRefused);
  CHECK(eventually([&] { return service.proxy.connections() == 1; }));
  CHECK(!service.proxy.takeConnections()[0].second.trusted);
  CHECK(connectAs(kApp, "").error == ConnectError::kNone);
  CHECK(eventually([&] { return service.proxy.connections() == 1; }));
  CHECK(service.proxy.takeConnections()[0].second.trusted);
}

TEST("a token that is revoked lets nobody in any more") {
  Granting service;
  CHECK(service.change(kApp, true, kToken).error == ConnectError::kNone);
  CHECK(service.change(kApp, true, kOtherToken).error == ConnectError::kNone);
  CHECK(service.change(kApp, false, kToken).error == ConnectError::kNone);
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kRefused);
  CHECK(connectAs(kEditor, kOtherToken).error == ConnectError::kNone);
  CHECK(service.change(kApp, false, "").error == ConnectError::kNone);
  CHECK(connectAs(kEditor, kOtherToken).error == ConnectError::kRefused);
}

TEST("a peer that is let in by a token cannot grant, nor revoke, whatever it says") {
  Granting service;
  CHECK(service.change(kApp, true, kToken).error == ConnectError::kNone);
  const Answer refused = service.change(kEditor, true, kOtherToken);
  CHECK(refused.error == ConnectError::kRefused);
  CHECK_CONTAINS(refused.text, "same team");
  for (const Op op : {Op::kGrant, Op::kRevoke}) {
    RawClient client(kEditor);
    client.hello();
    const Object request = makeMessage(op);
    setBytes(request.get(), kKeyToken, kOtherToken);
    CHECK(errorOf(client.ask(request)) == ConnectError::kRefused);
  }
  CHECK_EQ(service.changes, 1);
  CHECK(service.proxy.refused("team", 501));
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
}

TEST("a grant has its place after hello; its token is of a bounded length; each connection changes one") {
  Granting service;
  const auto grant = [](const std::string& token) {
    Object request = makeMessage(Op::kGrant);
    setBytes(request.get(), kKeyToken, token);
    return request;
  };
  RawClient early(kApp);
  CHECK(errorOf(early.ask(grant(kToken))) == ConnectError::kProtocol);
  for (const std::string& token : {std::string(), std::string(15, 'x'), std::string(257, 'x')}) {
    RawClient client(kApp);
    client.hello();
    CHECK(errorOf(client.ask(grant(token))) == ConnectError::kRefused);
  }
  CHECK_EQ(service.changes, 0);
  RawClient client(kApp);
  client.hello();
  CHECK(errorOf(client.ask(grant(kToken))) == ConnectError::kNone);
  CHECK(errorOf(client.ask(grant(kOtherToken))) == ConnectError::kProtocol);
  CHECK(errorOf(client.hello()) == ConnectError::kProtocol);
  CHECK_EQ(service.changes, 1);
}

TEST("why a grant fails is told; and that there is no service to ask") {
  Granting service;
  service.problem = "16 tokens already";
  const Answer refused = service.change(kApp, true, kToken);
  CHECK(refused.error == ConnectError::kRefused);
  CHECK_CONTAINS(refused.text, "16 tokens already");
  service.proxy.stop();
  CHECK(service.change(kApp, true, kToken).error == ConnectError::kNoService);
  Proxy without;  // a kit's endpoint takes no grants
  CHECK(service.change(kApp, true, kToken).error == ConnectError::kRefused);
}

}  // namespace

TEST("HMAC-SHA-256 gives the values of RFC 4231") {
  const auto hex = [](const std::string& bytes) {
    std::string text;
    char two[3];
    for (const char c : bytes) {
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
      text += two;
    }
    return text;
  };
  CHECK_EQ(hex(hmacSha256(std::string(20, '\x0b'), "Hi There")),
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK_EQ(hex(hmacSha256("Jefe", "what do ya want for nothing?")),
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK_EQ(hex(hmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST("a proof is good for its token, name and nonce only") {
  const std::string nonce = makeNonce();
  CHECK_EQ(nonce.size(), kNonceSize);
  CHECK(nonce != makeNonce());
  const std::string proof = makeProof(kToken, kName, nonce);
  CHECK(proves(proof, {kToken}, kName, nonce));
  CHECK(proves(proof, {kOtherToken, kToken}, kName, nonce));
  CHECK(proves(proof, {kToken, kOtherToken}, kName, nonce));
  CHECK(!proves(proof, {}, kName, nonce));
  CHECK(!proves(proof, {kOtherToken}, kName, nonce));
  CHECK(!proves(proof, {kToken}, kName + "2", nonce));
  CHECK(!proves(proof, {kToken}, kName, makeNonce()));
  for (size_t i = 0; i < proof.size(); i++) {
    std::string changed = proof;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(!proves(changed, {kToken}, kName, nonce));
  }
  CHECK(!proves(proof.substr(1), {kToken}, kName, nonce));
  CHECK(!proves("", {kToken}, kName, nonce));
  // A token that somebody forgot to make lets nobody in.
  CHECK(!proves(makeProof("", kName, nonce), {""}, kName, nonce));
  CHECK(!proves(makeProof("short", kName, nonce), {"short"}, kName, nonce));
}

TEST("a client with a granted token gets a socket to the service, which gets its credentials") {
  leavesNothing([] {
    Proxy proxy;
    auto answer = connectAs(kEditor, kToken, "extension");
    CHECK(answer.error == ConnectError::kNone);
    CHECK_EQ(answer.text, "");
    auto connections = proxy.takeConnections();
    CHECK_EQ(connections.size(), 1u);
    if (connections.size() != 1) return;
    CHECK_EQ(connections[0].second.uid, kEditor.uid);
    CHECK_EQ(connections[0].second.gid, kEditor.gid);
    CHECK_EQ(connections[0].second.pid, kEditor.pid);
    for (const int end : {answer.fd.get(), connections[0].first.get()}) {
      CHECK(::fcntl(end, F_GETFD) & FD_CLOEXEC);
      CHECK(::fcntl(end, F_GETFL) & O_NONBLOCK);
    }
    char bytes[8];
    CHECK_EQ(::write(answer.fd.get(), "up", 2), 2);
    CHECK_EQ(::read(connections[0].first.get(), bytes, sizeof bytes), 2);
    CHECK_EQ(::write(connections[0].first.get(), "down", 4), 4);
    CHECK_EQ(::read(answer.fd.get(), bytes, sizeof bytes), 4);
    connections.clear();
    CHECK_EQ(::read(answer.fd.get(), bytes, sizeof bytes), 0);
    CHECK_EQ(proxy.refusals().size(), 0u);
  });
}

TEST("a client of the own team needs no token") {
  leavesNothing([] {
    Proxy proxy;
    CHECK(connectAs(kApp, "").error == ConnectError::kNone);
    CHECK_EQ(proxy.takeConnections().size(), 1u);
  });
}

TEST("a malformed trust requirement trusts nobody") {
  auto options = Proxy::defaults();
  options.trusted = "!malformed";
  Proxy proxy(std::move(options));
  CHECK(connectAs({501, 20, 1, "!malformed"}, "").error == ConnectError::kRefused);
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
}

TEST("no token, a wrong one, and that of another user are refused, with the peer named") {
  leavesNothing([] {
    Proxy proxy;
    for (const std::string& token : {std::string(), std::string("wrong"), kOtherToken, kToken.substr(1)}) {
      const auto answer = connectAs(kEditor, token);
      CHECK(answer.error == ConnectError::kRefused);
      CHECK_CONTAINS(answer.text, "granted to uid 501");
      CHECK(!answer.fd);
    }
    CHECK(connectAs(kOther, kToken).error == ConnectError::kRefused);
    CHECK(proxy.refused("no token that is granted", 501));
    CHECK(proxy.refused("no token that is granted", 502));
    CHECK_EQ(proxy.refusals().size(), 5u);
    CHECK_EQ(proxy.connections(), 0u);
    CHECK(connectAs(kOther, kOtherToken).error == ConnectError::kNone);
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("without grants nobody but the own team gets in") {
  Proxy proxy(ListenerOptions{"", "flowtap-team", nullptr});
  const auto answer = connectAs(kEditor, kToken);
  CHECK(answer.error == ConnectError::kRefused);
  CHECK_CONTAINS(answer.text, "nothing was granted to uid 501");
  CHECK(connectAs(kApp, "").error == ConnectError::kNone);
}

TEST("a revoked token is refused from the next connection on") {
  const auto granted = std::make_shared<std::atomic<bool>>(true);
  auto options = Proxy::defaults();
  options.tokens = [granted](const Peer&) { return *granted ? std::vector<std::string>{kToken} : std::vector<std::string>{}; };
  Proxy proxy(std::move(options));
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  *granted = false;
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kRefused);
  *granted = true;
  CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
}

TEST("a proof that was used, or belongs to another connection, is refused") {
  leavesNothing([] {
    Proxy proxy;
    RawClient first(kEditor), second(kEditor);
    const std::string nonce = first.nonce();
    CHECK_EQ(nonce.size(), kNonceSize);
    const std::string proof = makeProof(kToken, kName, nonce);
    second.nonce();
    CHECK(errorOf(second.open(proof)) == ConnectError::kRefused);
    CHECK(errorOf(first.open(proof)) == ConnectError::kNone);
    CHECK(errorOf(first.open(proof)) == ConnectError::kProtocol);  // not greeted again
    RawClient third(kEditor);
    third.nonce();
    CHECK(errorOf(third.open(proof)) == ConnectError::kRefused);
    CHECK_EQ(proxy.connections(), 0u);
  });
}

TEST("requests out of order, of another version or of no meaning are refused, and the service goes on") {
  leavesNothing([] {
    Proxy proxy;
    for (const Op op : {Op::kOpen, Op::kTaken, Op::kData, Op::kCredit, Op::kEnd, static_cast<Op>(0), static_cast<Op>(~0ull)}) {
      RawClient client(kEditor);
      CHECK(errorOf(client.ask(makeMessage(op))) == ConnectError::kProtocol);
      CHECK(errorOf(client.hello()) == ConnectError::kProtocol);  // one mistake is enough
    }
    {
      RawClient client(kEditor);
      const Object old = makeMessage(Op::kHello);
      xpc_dictionary_set_uint64(old.get(), kKeyVersion, 7);
      const Object reply = client.ask(old);
      CHECK(errorOf(reply) == ConnectError::kProtocol);
      CHECK_CONTAINS(getText(reply.get(), kKeyText), "version 1");
      CHECK_CONTAINS(getText(reply.get(), kKeyText), "version 7");
    }
    {
      RawClient client(kEditor);
      client.hello();
      CHECK(errorOf(client.ask(makeMessage(Op::kTaken))) == ConnectError::kProtocol);  // nothing was opened
    }
    {
      RawClient client(kEditor);
      const std::string proof = makeProof(kToken, kName, client.nonce());
      CHECK(errorOf(client.open(proof, 0)) == ConnectError::kProtocol);  // no transport in common
    }
    {
      RawClient client(kEditor);
      client.nonce();
      CHECK(errorOf(client.open(std::string(1 << 20, 'x'))) == ConnectError::kRefused);
    }
    {
      RawClient client(kEditor);
      for (int i = 0; i < 10; i++) client.tell(makeMessage(Op::kHello));  // wants no answer
      const Object wrongTypes(xpc_dictionary_create(nullptr, nullptr, 0));
      for (const char* key : {kKeyVersion, kKeyOp, kKeyProof, kKeyTransports})
        xpc_dictionary_set_string(wrongTypes.get(), key, "text");
      CHECK(errorOf(client.ask(wrongTypes)) == ConnectError::kProtocol);
    }
    CHECK_EQ(proxy.connections(), 0u);
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("a peer that is not signed as required gets no answer at all") {
  leavesNothing([] {
    auto options = Proxy::defaults();
    options.requirement = "editor";
    Proxy proxy(std::move(options));
    CHECK(connectAs({501, 20, 9, "malware"}, kToken).error != ConnectError::kNone);
    CHECK(proxy.refused("not signed as required", 501));
    CHECK_EQ(proxy.connections(), 0u);
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("a listener with a malformed requirement lets nobody in") {
  leavesNothing([] {
    auto options = Proxy::defaults();
    options.requirement = "!malformed";
    Proxy proxy(std::move(options));
    CHECK(connectAs(kEditor, kToken).error != ConnectError::kNone);
    CHECK(proxy.refused("malformed", 501));
    CHECK_EQ(proxy.connections(), 0u);
  });
}

TEST("an impostor in the service's place is refused, and learns nothing that is of use") {
  leavesNothing([] {
    const auto proof = std::make_shared<std::string>();
    const auto answers = [proof](Op op, xpc_object_t request, xpc_object_t reply) {
      if (op == Op::kHello) setGoodHello(reply);
      if (op == Op::kOpen) *proof = getBytes(request, kKeyProof, 1000);
      return true;
    };
    {
      RawService impostor(answers, {501, 20, 666, "impostor"});
      const auto answer = connectAs(kEditor, kToken, "extension");
      CHECK(answer.error == ConnectError::kRefused);
      CHECK_CONTAINS(answer.text, "not signed");
      CHECK(proof->empty());
      CHECK(connectAs(kEditor, kToken, "!malformed").error == ConnectError::kRefused);
      // Without a requirement the impostor gets a proof for its own nonce; the true service has another.
      CHECK(connectAs(kEditor, kToken).error == ConnectError::kProtocol);
      CHECK_EQ(proof->size(), 32u);
      CHECK(*proof != kToken);
    }
    Proxy proxy;
    RawClient replay(kEditor);
    replay.nonce();
    CHECK(errorOf(replay.open(*proof)) == ConnectError::kRefused);
  });
}

TEST("where nobody serves the name, the client says so; it connects as soon as somebody does") {
  leavesNothing([] {
    const auto answer = connectAs(kEditor, kToken);
    CHECK(answer.error == ConnectError::kNoService);
    CHECK_CONTAINS(answer.text, kName);
    Proxy proxy;
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
    proxy.stop();
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNoService);
    Proxy next;
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("a name that is none is an error, not a look-up of something else") {
  leavesNothing([] {
    Proxy proxy;
    shim::become(kEditor);
    for (const std::string& name : {std::string(), kName + '\0' + "x"}) {
      CHECK(connecting(kEditor, kToken, "", name)->get().error == ConnectError::kProtocol);
      CHECK(Listener::start(name, {}, [](int, const Peer&) {}, [](auto&&...) {}).listener == nullptr);
    }
  });
}

TEST("a name that the system does not give is reported") {
  leavesNothing([] {
    Proxy first;
    Proxy second;
    CHECK(second.refused("does not give the name", static_cast<uid_t>(-1)));
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
    CHECK_EQ(first.connections(), 1u);
  });
}

TEST("a service that dies during the handshake is tried once more, then the error says so") {
  for (const Op step : {Op::kHello, Op::kOpen, Op::kTaken}) {
    leavesNothing([step] {
      const auto deaths = std::make_shared<std::atomic<int>>(0);
      RawService service([=](Op op, xpc_object_t, xpc_object_t reply) {
        if (op == step) {
          (*deaths)++;
          return false;  // dropping the reply is what the death of the service looks like
        }
        setGoodHello(reply);
        if (op == Op::kOpen) {
          const Object box(xpc_fd_create(0));
          xpc_dictionary_set_uint64(reply, kKeyTransport, kDescriptor);
          xpc_dictionary_set_value(reply, kKeySocket, box.get());
        }
        return true;
      });
      const auto answer = connectAs(kEditor, kToken);
      CHECK(answer.error == ConnectError::kInterrupted);
      CHECK_EQ(deaths->load(), 2);
    });
  }
}

TEST("a service that dies and is started again while the client waits is connected to") {
  leavesNothing([] {
    const auto held = std::make_shared<std::vector<Object>>();  // on the service's queue, then here once that is gone
    const auto asked = std::make_shared<std::atomic<bool>>(false);
    auto first = std::make_unique<RawService>([=](Op, xpc_object_t, xpc_object_t reply) {
      held->push_back(Object::retained(reply));
      *asked = true;
      return false;
    });
    const auto pending = connecting(kEditor, kToken);
    CHECK(eventually([&] { return asked->load(); }));
    CHECK(!pending->ready());
    first.reset();
    Proxy next;
    shim::crash(kOlder.pid);
    CHECK(pending->get().error == ConnectError::kNone);
    CHECK_EQ(next.connections(), 1u);
    held->clear();
  });
}

TEST("a service that hangs at any step is given up when time is up") {
  for (const Op step : {Op::kHello, Op::kOpen, Op::kTaken}) {
    leavesNothing([step] {
      const auto held = std::make_shared<std::vector<Object>>();
      const auto asked = std::make_shared<std::atomic<bool>>(false);
      const auto service = std::make_unique<RawService>([=](Op op, xpc_object_t, xpc_object_t reply) {
        setGoodHello(reply);
        xpc_dictionary_set_uint64(reply, kKeyTransport, kMessages);
        if (op != step) return true;
        held->push_back(Object::retained(reply));
        *asked = true;
        return false;
      });
      const auto pending = connecting(kEditor, kToken);
      CHECK(eventually([&] { return asked->load(); }));
      CHECK(!pending->ready());
      CHECK(shim::fireTimers() > 0);
      const auto answer = pending->get();
      CHECK(answer.error == ConnectError::kInterrupted);
      CHECK_CONTAINS(answer.text, "hangs");
      CHECK(!answer.fd);
      held->clear();
    });
  }
}

TEST("answers that are none of the rendezvous are an error, whatever they hold") {
  const std::vector<std::pair<const char*, RawService::Respond>> services  // what the client says, and the answer
      = {
      {"sends no nonce", [](Op, xpc_object_t, xpc_object_t) { return true; }},
      {"sends no nonce",
       [](Op, xpc_object_t, xpc_object_t reply) {
         setBytes(reply, kKeyNonce, "short");
         return true;
       }},
      {"sends no nonce",
       [](Op, xpc_object_t, xpc_object_t reply) {
         setBytes(reply, kKeyNonce, std::string(1 << 20, 'x'));
         return true;
       }},
      {"version 2",
       [](Op, xpc_object_t, xpc_object_t reply) {
         setGoodHello(reply);
         xpc_dictionary_set_uint64(reply, kKeyVersion, 2);
         return true;
       }},
      {"step 1",
       [](Op, xpc_object_t, xpc_object_t reply) {
         xpc_dictionary_set_uint64(reply, kKeyError, 1ull << 40);
         xpc_dictionary_set_string(reply, kKeyText, std::string(5000, '\n').c_str());
         return true;
       }},
      {"does not know",
       [](Op, xpc_object_t, xpc_object_t reply) {
         setGoodHello(reply);
         xpc_dictionary_set_uint64(reply, kKeyTransport, 77);
         return true;
       }},
      {"does not know",
       [](Op, xpc_object_t, xpc_object_t reply) {
         setGoodHello(reply);
         xpc_dictionary_set_uint64(reply, kKeyTransport, kDescriptor);  // without a descriptor
         return true;
       }},
  };
  for (const auto& [says, respond] : services) {
    leavesNothing([says = says, respond = respond] {
      RawService service(respond);
      const auto answer = connectAs(kEditor, kToken);
      CHECK(answer.error == ConnectError::kProtocol);
      CHECK_CONTAINS(answer.text, says);
      CHECK(answer.text.size() < 1000 && answer.text.find('\n') == std::string::npos);
    });
  }
}

TEST("a client that leaves at any step leaves nothing behind, and is reported") {
  leavesNothing([] {
    Proxy proxy;
    RawClient(kEditor).tell(makeMessage(Op::kHello));
    { RawClient connectedOnly(kEditor); }
    {
      RawClient greeted(kEditor);
      greeted.hello();
    }
    {
      RawClient opened(kEditor);
      CHECK(errorOf(opened.open(makeProof(kToken, kName, opened.nonce()))) == ConnectError::kNone);
    }
    CHECK(eventually([&] { return proxy.refusals().size() == 4; }));
    for (const auto& refusal : proxy.refusals()) {
      CHECK_EQ(refusal.first.pid, kEditor.pid);
      CHECK_CONTAINS(refusal.second, "left during the handshake");
    }
    CHECK_EQ(proxy.connections(), 0u);
    {
      RawClient impatient(kEditor);
      impatient.open(makeProof(kToken, kName, impatient.nonce()));
      impatient.askAndForget(makeMessage(Op::kTaken));
    }
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("1000 half-open clients keep neither their own user nor another from connecting") {
  leavesNothing([] {
    Proxy proxy;
    RawClient slow(kEditor);
    const std::string nonce = slow.nonce();
    std::vector<std::unique_ptr<RawClient>> halfOpen;
    for (int i = 0; i < 1000; i++) {
      halfOpen.push_back(std::make_unique<RawClient>(kOther));
      if (i % 3 == 1) halfOpen.back()->askAndForget(makeMessage(Op::kHello));
      if (i == 500) {
        CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
        CHECK(connectAs(kOther, kOtherToken).error == ConnectError::kNone);
      }
    }
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
    CHECK(connectAs(kOther, kOtherToken).error == ConnectError::kNone);
    CHECK(errorOf(slow.open(makeProof(kToken, kName, nonce))) == ConnectError::kNone);  // kept all the while
    CHECK(proxy.refused("left the handshake unfinished", kOther.uid));
    CHECK_EQ(proxy.connections(), 4u);
    int alive = 0;
    CHECK(eventually([&] {
      alive = 0;
      for (const auto& client : halfOpen) alive += !client->ended();
      return alive <= kMostPending;
    }));
    CHECK(alive > 0);
    for (const auto& refusal : proxy.refusals()) CHECK_EQ(refusal.first.uid, kOther.uid);
  });
}

TEST("the announcement that a process is to end disturbs no handshake") {
  leavesNothing([] {
    Proxy proxy;
    RawClient client(kEditor);
    const std::string nonce = client.nonce();
    shim::announceTermination(kExtension.pid);
    CHECK(errorOf(client.open(makeProof(kToken, kName, nonce))) == ConnectError::kNone);
    CHECK_EQ(proxy.refusals().size(), 0u);
    const auto held = std::make_shared<std::vector<Object>>();
    proxy.stop();
    const auto asked = std::make_shared<std::atomic<bool>>(false);
    auto hanging = std::make_unique<RawService>([=](Op, xpc_object_t, xpc_object_t reply) {
      held->push_back(Object::retained(reply));
      *asked = true;
      return false;
    });
    const auto pending = connecting(kEditor, kToken);
    CHECK(eventually([&] { return asked->load(); }));
    shim::announceTermination(kEditor.pid);
    hanging.reset();
    Proxy next;
    shim::crash(kOlder.pid);
    CHECK(pending->get().error == ConnectError::kNone);
    held->clear();
  });
}

TEST("400 clients of 8 threads connect at once, each gets its own connection") {
  leavesNothing([] {
    Proxy proxy;
    std::atomic<int> connected{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; t++)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; i++) {
          const auto answer = i % 2 ? connectAs(kEditor, kToken) : connectAs(kOther, kOtherToken);
          if (answer.error == ConnectError::kNone && ::write(answer.fd.get(), "x", 1) == 1) connected++;
        }
      });
    for (auto& thread : threads) thread.join();
    CHECK_EQ(connected.load(), 400);
    const auto connections = proxy.takeConnections();
    CHECK_EQ(connections.size(), 400u);
    for (const auto& connection : connections) {
      char bytes[2];
      CHECK_EQ(::read(connection.first.get(), bytes, 2), 1);
    }
  });
}

TEST("a client destroyed before its answer never calls back") {
  leavesNothing([] {
    Proxy proxy;
    shim::become(kEditor);
    for (int i = 0; i < 300; i++) {
      const auto gone = std::make_shared<std::atomic<bool>>(false);
      {
        const auto client = Client::connect(kName, "", kToken, [gone](ConnectError, const std::string&, int fd) {
          CHECK(!gone->load());
          if (fd >= 0) ::close(fd);
        });
        if (i % 3) std::this_thread::sleep_for(std::chrono::microseconds(i * 2));
      }
      *gone = true;
    }
  });
}

TEST("a listener destroyed among connecting clients calls back no more, and they get an error") {
  leavesNothing([] {
    for (int i = 0; i < 20; i++) {
      Proxy proxy;
      std::vector<std::unique_ptr<Pending>> clients;
      for (int c = 0; c < 10; c++) clients.push_back(connecting(kEditor, kToken));
      if (i % 2) std::this_thread::sleep_for(std::chrono::microseconds(i * 20));
      proxy.stop();
      const size_t before = proxy.connections();
      size_t connected = 0;
      for (auto& client : clients) {
        const auto answer = client->get();
        connected += answer.error == ConnectError::kNone;
        CHECK(answer.error == ConnectError::kNone || answer.error == ConnectError::kNoService ||
              answer.error == ConnectError::kInterrupted);
      }
      CHECK(connected <= before);
      CHECK_EQ(proxy.connections(), before);
    }
  });
}

TEST("connections outlive the client and the listener that made them") {
  for (const bool messages : {false, true}) {
    leavesNothing([messages] {
      const RefuseFds refuse(messages, false);
      auto proxy = std::make_unique<Proxy>();
      auto answer = connectAs(kEditor, kToken);
      CHECK(answer.error == ConnectError::kNone);
      auto connections = proxy->takeConnections();
      proxy.reset();
      CHECK_EQ(connections.size(), 1u);
      if (connections.size() != 1) return;
      makeBlocking(answer.fd.get());
      makeBlocking(connections[0].first.get());
      CHECK(writeAll(answer.fd.get(), "ping"));
      ::shutdown(answer.fd.get(), SHUT_WR);
      CHECK_EQ(readAll(connections[0].first.get()), "ping");
      CHECK(writeAll(connections[0].first.get(), "pong"));
      connections.clear();
      CHECK_EQ(readAll(answer.fd.get()), "pong");
    });
  }
}

TEST("where no descriptor can be sent or taken, the stream goes inside messages, whole and in both directions") {
  for (const bool atSender : {true, false}) {
    leavesNothing([atSender] {
      const RefuseFds refuse(atSender, !atSender);
      Proxy proxy;
      auto answer = connectAs(kEditor, kToken);
      CHECK(answer.error == ConnectError::kNone);
      auto connections = proxy.takeConnections();
      CHECK_EQ(connections.size(), 1u);
      if (connections.size() != 1 || !answer.fd) return;
      const Fd& service = connections[0].first;
      makeBlocking(answer.fd.get());
      makeBlocking(service.get());
      // More than the window and every buffer on the way, so the credits must work.
      const std::string up = pattern(3 << 20, 1), down = pattern(2 << 20, 2);
      std::string gotUp, gotDown;
      std::thread serviceReads([&] { gotUp = readAll(service.get()); });
      std::thread serviceWrites([&] {
        CHECK(writeAll(service.get(), down));
        ::shutdown(service.get(), SHUT_WR);
      });
      std::thread clientReads([&] { gotDown = readAll(answer.fd.get()); });
      CHECK(writeAll(answer.fd.get(), up));
      ::shutdown(answer.fd.get(), SHUT_WR);
      serviceReads.join();
      serviceWrites.join();
      clientReads.join();
      CHECK(gotUp == up);
      CHECK(gotDown == down);
    });
  }
}

TEST("inside messages, a reader that stalls stops the writer instead of filling memory") {
  leavesNothing([] {
    const RefuseFds refuse(true, false);
    Proxy proxy;
    auto answer = connectAs(kEditor, kToken);
    auto connections = proxy.takeConnections();
    if (connections.size() != 1) return CHECK(false);
    const std::string bytes = pattern(64 << 10, 3);
    size_t sent = 0;
    // Non-blocking: what is taken is bounded by the window and the sockets at both ends.
    for (int idle = 0; idle < 50;) {
      const ssize_t n = ::send(answer.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) {
        sent += static_cast<size_t>(n);
        idle = 0;
        CHECK(sent < (4u << 20));
        if (sent >= (4u << 20)) break;
      } else {
        idle++;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    CHECK(sent > kWindow);
    makeBlocking(connections[0].first.get());
    answer.fd.reset();  // what was sent before the end still arrives
    CHECK_EQ(readAll(connections[0].first.get()).size(), sent);
  });
}

TEST("inside messages, either side's end is the end of the other") {
  for (const bool clientEnds : {true, false}) {
    leavesNothing([clientEnds] {
      const RefuseFds refuse(true, false);
      Proxy proxy;
      auto answer = connectAs(kEditor, kToken);
      auto connections = proxy.takeConnections();
      if (connections.size() != 1) return CHECK(false);
      Fd& ending = clientEnds ? answer.fd : connections[0].first;
      Fd& staying = clientEnds ? connections[0].first : answer.fd;
      ending.reset();
      makeBlocking(staying.get());
      CHECK_EQ(readAll(staying.get()), "");
      CHECK(eventually([&] { return ::send(staying.get(), "x", 1, MSG_NOSIGNAL) < 0; }));
    });
  }
}

TEST("inside messages, a peer that breaks the rules loses its connection") {
  struct Breach {
    const char* name;
    std::function<void(RawClient&)> commit;
  };
  const auto data = [](size_t size) {
    Object message = makeMessage(Op::kData);
    setBytes(message.get(), kKeyBytes, std::string(size, 'x'));
    return message;
  };
  const std::vector<Breach> breaches = {
      {"more than the window", [&](RawClient& c) { for (uint64_t sent = 0; sent <= kWindow * 8; sent += kChunk) c.tell(data(kChunk)); }},
      {"one message larger than the window", [&](RawClient& c) { c.tell(data(kWindow + 1)); }},
      {"credit that was never used",
       [](RawClient& c) {
         const Object message = makeMessage(Op::kCredit);
         xpc_dictionary_set_uint64(message.get(), kKeyCount, ~0ull);
         c.tell(message);
       }},
      {"data without bytes", [](RawClient& c) { c.tell(makeMessage(Op::kData)); }},
      {"an empty data message", [&](RawClient& c) { c.tell(data(0)); }},
      {"data after the end",
       [&](RawClient& c) {
         c.tell(makeMessage(Op::kEnd));
         c.tell(data(1));
       }},
      {"a request", [](RawClient& c) { c.askAndForget(makeMessage(Op::kHello)); }},
      {"nonsense", [](RawClient& c) { c.tell(makeMessage(static_cast<Op>(99))); }},
  };
  for (const auto& breach : breaches) {
    leavesNothing([&] {
      Proxy proxy;
      RawClient client(kEditor);
      CHECK(errorOf(client.open(makeProof(kToken, kName, client.nonce()), kMessages)) == ConnectError::kNone);
      CHECK(errorOf(client.ask(makeMessage(Op::kTaken))) == ConnectError::kNone);
      CHECK_EQ(proxy.connections(), 1u);
      breach.commit(client);
      const bool ended = eventually([&] { return client.ended(); });
      if (!ended) std::printf("  not ended after: %s\n", breach.name);
      CHECK(ended);
      CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
    });
  }
}

TEST("one user's streams inside messages are limited, and another user's are not affected") {
  leavesNothing([] {
    const RefuseFds refuse(true, false);
    Proxy proxy;
    std::vector<Answer> open;
    for (int i = 0; i < kMostStreams; i++) {
      open.push_back(connectAs(kEditor, kToken));
      CHECK(open.back().error == ConnectError::kNone);
    }
    const auto refused = connectAs(kEditor, kToken);
    CHECK(refused.error == ConnectError::kRefused);
    CHECK_CONTAINS(refused.text, "close one");
    CHECK(connectAs(kOther, kOtherToken).error == ConnectError::kNone);
    open.pop_back();
    CHECK(eventually([] { return connectAs(kEditor, kToken).error == ConnectError::kNone; }));
  });
}

int main(int argc, char** argv) { return runAll(argc > 1 ? argv[1] : ""); }
