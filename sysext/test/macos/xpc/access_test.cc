// Who may watch, with the extension's proxy behind the XPC rendezvous as on a Mac, on the stand-in of native/shim: grants,
// revocations, and whose flows are taken because of them.
#include <algorithm>
#include <csignal>
#include <future>
#include <optional>

#include "native/shim/left.h"
#include "native/test/folder.h"
#include "native/xpc/tokens.h"
#include "sysext/macos/app/health.h"
#include "sysext/macos/runtime/proxy.h"
#include "sysext/test/kit/reader.h"
#include "sysext/test/macos/fakes.h"
#include "sysext/test/macos/network.h"

namespace {

using namespace flowtap;
using flowtap::kit::test::Reader;
using flowtap::macos::Offered;
using flowtap::macos::Proxy;
using flowtap::macos::test::FakeDatagramPort;
using flowtap::test::eventually;
using flowtap::test::runAll;

const char* const kName = "A1B2C3D4E5.dev.flowtap.7";
const std::string kTeam = "anchor apple generic and certificate leaf[subject.OU] = \"A1B2C3D4E5\"";
const std::string kToken(64, 'a');
const std::string kOtherToken(64, 'b');
const shim::Identity kExtension{0, 0, 100, kTeam};
const shim::Identity kApp{501, 20, 501000, kTeam};
const shim::Identity kOtherApp{502, 20, 502000, kTeam};
const shim::Identity kEditor{501, 20, 501001, "editor"};
const shim::Identity kOtherEditor{502, 20, 502001, "editor"};

struct Mac {
  explicit Mac(const std::string& tokenFile, const shim::Identity& as = kExtension) {
    Proxy::Options options;
    options.endpoint = kName;
    options.teamId = "A1B2C3D4E5";
    options.appId = "dev.flowtap.app";
    options.tokenFile = tokenFile;
    options.log = [this](macos::LogLevel, const std::string& line) {
      const std::lock_guard<std::mutex> lock(mutex);
      log += line + "\n";
    };
    shim::become(as);
    std::string error;
    proxy = Proxy::start(std::move(options), error);
    CHECK_EQ(error, "");
    const auto attempt = proxy->startProvider([](const std::string&) {});
    if (attempt) proxy->settled(*attempt, "");
  }
  bool logs(const std::string& part) {
    return eventually([&] {
      const std::lock_guard<std::mutex> lock(mutex);
      return log.find(part) != std::string::npos;
    });
  }
  static Offered offered(uint32_t uid) {
    Offered about;
    about.offer.protocol = core::Protocol::kUdp;
    about.offer.remote = macos::test::networkAddress(9);
    about.offer.uid = about.process.uid = uid;
    about.offer.pid = about.process.pid = 4711;
    about.process.name = "program";
    return about;
  }
  /// Whether the proxy takes a flow of that user; where it does, the flow says something and ends.
  bool takes(uint32_t uid) {
    const auto port = std::make_shared<FakeDatagramPort>();
    if (!proxy->takeDatagrams(offered(uid), [&] { return port; })) return false;
    CHECK(eventually([&] { return port->look(port->opens) == 1; }));
    port->finishOpen();
    CHECK(eventually([&] { return port->isReading(); }));
    port->give({{"hello", macos::test::networkAddress(9)}});
    CHECK(eventually([&] { return port->isReading(); }));
    port->give({});
    CHECK(eventually([&] { return !port->look(port->readCloses).empty(); }));
    return true;
  }
  std::mutex mutex;
  std::string log;
  std::unique_ptr<Proxy> proxy;
};

struct Answer {
  ConnectError error = ConnectError::kNone;
  std::string text;
  Fd fd;
};
Answer connectAs(const shim::Identity& who, const std::string& token) {
  shim::become(who);
  std::promise<Answer> promise;
  auto future = promise.get_future();
  const auto client = Client::connect(kName, kTeam, token, [&](ConnectError error, const std::string& text, int fd) {
    promise.set_value({error, text, Fd(fd)});
  });
  return future.get();
}
/// "" where it was done.
std::string change(const shim::Identity& who, bool grant, const std::string& token) {
  shim::become(who);
  std::promise<std::string> promise;
  auto future = promise.get_future();
  const auto client = xpc::changeToken(kName, kTeam, {grant, token},
                                       [&](ConnectError, const std::string& text) { promise.set_value(text); });
  return future.get();
}

/// A test in a folder of its own that leaves no object of the system.
void leavesNothing(const std::function<void(const std::string& tokenFile)>& body) {
  if (!macos::test::networkProblem().empty()) SKIP(macos::test::networkProblem());
  {
    const flowtap::test::Folder folder;
    body(folder / "kept" + "/tokens");
  }
  CHECK(shim::nothingIsLeft());
}

}  // namespace

TEST("nobody's flows are taken until a token is granted; then its user's, and it shows them to that user alone") {
  leavesNothing([](const std::string& file) {
    Mac mac(file);
    CHECK(!mac.takes(501));
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kRefused);
    CHECK(mac.logs("turned away pid 501001 of uid 501"));
    CHECK_EQ(change(kApp, true, kToken), "");
    CHECK(eventually([&] { return mac.takes(501); }));
    CHECK(!mac.takes(502));
    CHECK(connectAs(kOtherEditor, kToken).error == ConnectError::kRefused);
    CHECK(mac.logs("turned away pid 502001 of uid 502"));

    CHECK_EQ(change(kOtherApp, true, kOtherToken), "");
    Reader reader(connectAs(kEditor, kToken).fd);
    reader.subscribe(16384);
    CHECK(reader.live());
    CHECK(eventually([&] { return mac.takes(502); }));
    CHECK(mac.takes(501));
    CHECK(reader.closed(1));
    CHECK_EQ(reader.flows.size(), 1u);
    for (const auto& [id, seen] : reader.flows) CHECK_EQ(seen.opened.process->uid, 501u);
  });
}

TEST("a revocation ends the clients that a token let in, and those of nobody else") {
  leavesNothing([](const std::string& file) {
    Mac mac(file);
    CHECK_EQ(change(kApp, true, kToken), "");
    CHECK_EQ(change(kOtherApp, true, kOtherToken), "");
    Reader editor(connectAs(kEditor, kToken).fd);
    Reader other(connectAs(kOtherEditor, kOtherToken).fd);
    std::optional<Reader> app(connectAs(kApp, "").fd);
    for (Reader* each : {&editor, &other, &*app}) {
      each->subscribe(0);
      CHECK(each->live());
    }
    // Another user's token is not one's own to revoke.
    CHECK_EQ(change(kOtherApp, false, kToken), "");
    CHECK(other.toTheEnd());  // it is not known which token let it in, so it has to come again
    CHECK(connectAs(kOtherEditor, kOtherToken).error == ConnectError::kNone);
    CHECK(mac.takes(501));
    CHECK(editor.closed(1));

    CHECK_EQ(change(kApp, false, ""), "");
    CHECK(editor.toTheEnd());
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kRefused);
    // The app still watches: it needs no token.
    CHECK(mac.takes(501));
    CHECK(app->closed(2));
    app.reset();
    CHECK(eventually([&] { return !mac.takes(501); }));
    CHECK(mac.logs("revocation for uid 501 by pid 501000 done"));
  });
}

TEST("a program that a token let in can neither grant nor revoke") {
  leavesNothing([](const std::string& file) {
    Mac mac(file);
    CHECK_EQ(change(kApp, true, kToken), "");
    CHECK(!change(kEditor, true, kOtherToken).empty());
    CHECK(!change(kEditor, false, "").empty());
    CHECK(connectAs(kEditor, kOtherToken).error == ConnectError::kRefused);
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("what was granted holds when the extension's process starts anew") {
  leavesNothing([](const std::string& file) {
    {
      Mac mac(file);
      CHECK_EQ(change(kApp, true, kToken), "");
    }
    Mac mac(file);
    CHECK(mac.takes(501));
    CHECK(!mac.takes(502));
    CHECK(connectAs(kEditor, kToken).error == ConnectError::kNone);
  });
}

TEST("the app's health check comes through the rendezvous; an impostor under the name is not believed") {
  leavesNothing([](const std::string& file) {
    macos::app::HealthCheck how;
    how.endpoint = kName;
    how.requirement = kTeam;
    how.pid = static_cast<uint32_t>(kApp.pid);
    how.patience = flowtap::test::patience();
    {
      Mac mac(file);
      std::shared_ptr<macos::test::FakeStreamPort> port;
      how.dial = [&](const core::Address& to) {
        // As the system offers the app's flow: nobody has granted anything yet.
        Offered about = Mac::offered(kApp.uid);
        about.offer.protocol = core::Protocol::kTcp;
        about.offer.remote = to;
        about.offer.pid = about.process.pid = how.pid;
        about.offer.signingId = "A1B2C3D4E5.dev.flowtap.app";
        port = std::make_shared<macos::test::FakeStreamPort>();
        CHECK(mac.proxy->takeStream(about, [&] { return port; }));
        return ::socket(AF_INET, SOCK_STREAM, 0);
      };
      shim::become(kApp);
      const auto health = macos::app::check(how);
      CHECK(health.connect == ConnectError::kNone);
      CHECK(health.answered && health.seen);
    }
    Mac impostor(file, {0, 0, 666, "somebody else"});
    shim::become(kApp);
    CHECK(macos::app::check(how).connect == ConnectError::kRefused);
  });
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // as on macOS, where each socket is told not to raise it
  macos::test::makeNetwork();
  return runAll(argc > 1 ? argv[1] : "");
}
