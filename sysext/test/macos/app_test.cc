// The app's commands, stages and advice, with a fake of the system.
#include <algorithm>
#include <cerrno>

#include "native/test/check.h"
#include "sysext/macos/app/advice.h"
#include "sysext/macos/app/controller.h"
#include "sysext/macos/app/json.h"

using namespace flowtap;
using namespace flowtap::macos::app;

namespace {

const std::string kEndpoint = "A1B2C3D4E5.dev.flowtap.7";

/// A Mac on which everything works; tests break it.
struct FakeMac final : System {
  std::string path = "/Applications/Flowtap.app";
  Version os{15, 2};
  Extensions found{"", {{"7", kEndpoint, true, false, false}}, 0};
  Configuration now{"", true, true, Connection::kConnected};
  Health health;
  std::vector<RequestEnd> ends;         ///< of requests, in order; then success
  bool asksForApproval = false;
  std::string enableError, connectError, failure, tokenError;
  bool agrees = true;
  int laterCalls = 0;
  int asked = 0;                        ///< times which extensions there are
  int unknownTimes = 0;                 ///< the connection's status is known only after so many looks
  int noServiceTimes = 0;               ///< the endpoint comes only after so many checks
  std::vector<std::string> lines, calls;
  std::string question;
  int code = -1;

  FakeMac() {
    health.answered = health.seen = true;
    health.build = "0.1.0";
  }
  int run(const Command& command) {
    code = -1;
    lines.clear();
    std::make_shared<Controller>(*this, [this](int ended) {
      CHECK_EQ(code, -1);
      code = ended;
    })->run(command);
    CHECK(code != -1);
    return code;
  }
  std::string line(const std::string& part) const {
    for (const auto& each : lines)
      if (each.find(part) != std::string::npos) return each;
    return "";
  }
  std::string result() const { return lines.empty() ? "" : lines.back(); }
  bool called(const std::string& name) const { return std::find(calls.begin(), calls.end(), name) != calls.end(); }
  RequestEnd nextEnd() {
    if (ends.empty()) return {};
    const RequestEnd end = ends.front();
    ends.erase(ends.begin());
    return end;
  }

  void say(const std::string& text) override { lines.push_back(text); }
  std::string appPath() override { return path; }
  Version version() override { return os; }
  std::string bundledBuild() override { return "7"; }
  std::string bundledEndpoint() override { return kEndpoint; }
  std::string askingProgram() override {
    return "/Applications/Visual Studio Code.app/Contents/Frameworks/Code Helper (Plugin).app/Contents/MacOS/Code Helper (Plugin)";
  }
  void extensions(std::function<void(Extensions)> answer) override {
    asked++;
    answer(found);
  }
  void activate(std::function<void()> waiting, std::function<void(RequestEnd)> end) override {
    calls.push_back("activate");
    if (asksForApproval) waiting();
    const RequestEnd ended = nextEnd();
    if (ended.code == 0 && !ended.afterReboot) found = {"", {{"7", kEndpoint, true, false, false}}, 0};
    end(ended);
  }
  void deactivate(std::function<void()> waiting, std::function<void(RequestEnd)> end) override {
    calls.push_back("deactivate");
    if (asksForApproval) waiting();
    end(nextEnd());
  }
  void configuration(std::function<void(Configuration)> answer) override {
    Configuration told = now;
    if (unknownTimes-- > 0) told.connection = Connection::kInvalid;
    answer(told);
  }
  void enable(Done done) override {
    calls.push_back("enable");
    if (enableError.empty()) now.exists = now.enabled = true;
    done(enableError);
  }
  void removeConfiguration(Done done) override {
    calls.push_back("remove");
    now = {};
    done("");
  }
  void connect(Done done) override {
    calls.push_back("connect");
    if (connectError.empty()) now.connection = Connection::kConnecting;
    done(connectError);
  }
  void disconnect() override {
    calls.push_back("disconnect");
    now.connection = Connection::kDisconnecting;
  }
  void lastFailure(Done answer) override { answer(failure); }
  void later(std::function<void()> work) override {
    if (++laterCalls % 3 == 0 && failure.empty()) {
      if (now.connection == Connection::kConnecting) now.connection = Connection::kConnected;
      if (now.connection == Connection::kDisconnecting) now.connection = Connection::kDisconnected;
    }
    work();
  }
  void checkHealth(const std::string& endpoint, std::vector<std::string> others,
                   std::function<void(Health)> answer) override {
    calls.push_back("check " + endpoint + (others.empty() ? "" : " not " + others[0]));
    Health told = health;
    if (noServiceTimes-- > 0) told.connect = ConnectError::kNoService;
    answer(told);
  }
  bool askUser(const std::string& title, const std::string&) override {
    question = title;
    return agrees;
  }
  std::string makeToken() override { return std::string(64, 'f'); }
  void changeToken(const std::string& endpoint, bool grant, const std::string& token, Done done) override {
    calls.push_back((grant ? "grant " : "revoke ") + endpoint + " " + token);
    done(tokenError);
  }
};

TEST("status: all stages in order, with how to connect") {
  FakeMac mac;
  CHECK_EQ(mac.run({Verb::kStatus, ""}), kDone);
  CHECK_EQ(mac.lines.size(), 7u);
  const char* const names[] = {"installed", "approved", "enabled", "connected", "reachable", "flow-seen"};
  for (size_t i = 0; i < 6; i++)
    CHECK_CONTAINS(mac.lines[i], "{\"stage\":\"" + std::string(names[i]) + "\",\"state\":\"ok\"");
  CHECK_CONTAINS(mac.line("reachable"), "\"endpoint\":\"" + kEndpoint + "\"");
  CHECK_CONTAINS(mac.line("reachable"), "leaf[subject.OU] = \\\"A1B2C3D4E5\\\"");
  CHECK_EQ(mac.result(), "{\"result\":\"ok\"}");
}

TEST("status: the first broken stage is named with its remedy, and the others are skipped") {
  struct Case {
    const char* stage;
    const char* code;
    const char* next;
    int exit;
    std::function<void(FakeMac&)> broken;
  };
  const Case cases[] = {
      {"installed", "not-in-applications", "/Applications", kBroken, [](FakeMac& m) { m.path = "/Users/x/Flowtap.app"; }},
      {"installed", "not-installed", "activate", kBroken, [](FakeMac& m) { m.found.all.clear(); }},
      {"installed", "system-silent", "restart", kBroken, [](FakeMac& m) { m.found = {"no", {}, 1}; }},
      {"installed", "not-installed", "activate", kBroken, [](FakeMac& m) { m.found = {"not found", {}, 4}; }},
      {"installed", "outdated", "activate", kBroken, [](FakeMac& m) { m.found.all[0].build = "6"; }},
      {"installed", "restart-needed", "Restart", kAwaitsRestart, [](FakeMac& m) { m.found.all[0].uninstalling = true; }},
      {"approved", "awaiting-approval", "Login Items & Extensions", kAwaitsUser,
       [](FakeMac& m) { m.found.all[0] = {"7", kEndpoint, false, true, false}; }},
      {"enabled", "extension-off", "Login Items & Extensions", kBroken, [](FakeMac& m) { m.found.all[0].enabled = false; }},
      {"enabled", "configuration-unreadable", "sign", kBroken, [](FakeMac& m) { m.now.error = "denied"; }},
      {"enabled", "not-configured", "start", kBroken, [](FakeMac& m) { m.now = {}; }},
      {"enabled", "configuration-off", "Network, Filters", kBroken, [](FakeMac& m) { m.now.enabled = false; }},
      {"connected", "stopped", "start", kBroken, [](FakeMac& m) { m.now.connection = Connection::kDisconnected; }},
      {"connected", "stopped", "start", kBroken, [](FakeMac& m) { m.unknownTimes = 1000; }},
      {"connected", "connecting", "moment", kAwaitsUser, [](FakeMac& m) { m.now.connection = Connection::kConnecting; }},
      {"reachable", "stale-registration", "Restart", kAwaitsRestart,
       [](FakeMac& m) { m.health.connect = ConnectError::kNoService; }},
      {"reachable", "stale-registration", "Restart", kAwaitsRestart, [](FakeMac& m) { m.health.staleAnswers = true; }},
      {"reachable", "refused", "team", kBroken, [](FakeMac& m) { m.health.connect = ConnectError::kRefused; }},
      {"reachable", "unreachable", "stop", kBroken, [](FakeMac& m) { m.health.connect = ConnectError::kInterrupted; }},
      {"reachable", "refused", "again", kBroken, [](FakeMac& m) { m.health.refusal = "version"; }},
      {"reachable", "no-answer", "stop", kBroken, [](FakeMac& m) { m.health.answered = false; }},
      {"flow-seen", "offline", "network", kBroken,
       [](FakeMac& m) { m.health.seen = false, m.health.dialError = ENETUNREACH; }},
      {"flow-seen", "no-flow", "VPN", kBroken, [](FakeMac& m) { m.health.seen = false; }},
  };
  for (const Case& each : cases) {
    FakeMac mac;
    each.broken(mac);
    const int exit = mac.run({Verb::kStatus, ""});
    if (exit != each.exit) flowtap::test::check(false, each.code, __FILE__, __LINE__);
    CHECK_CONTAINS(mac.result(), "\"stage\":\"" + std::string(each.stage) + "\",\"code\":\"" + each.code + "\"");
    CHECK_CONTAINS(mac.result(), each.next);
    CHECK_EQ(mac.lines.size(), 7u);
    bool after = false;
    for (size_t i = 0; i < 6; i++) {
      const bool here = mac.lines[i].find("\"" + std::string(each.stage) + "\"") != std::string::npos;
      if (after) CHECK_CONTAINS(mac.lines[i], "\"state\":\"skipped\"");
      after = after || here;
    }
  }
}

TEST("a configuration that was just loaded may have no status yet: it is asked for again") {
  FakeMac mac;
  mac.unknownTimes = 2;
  CHECK_EQ(mac.run({Verb::kStatus, ""}), kDone);
  CHECK_EQ(mac.laterCalls, 2);
  CHECK_EQ(mac.lines.size(), 7u);
}

TEST("an app that lies elsewhere says so before anything is asked of the system") {
  for (const Verb verb : {Verb::kStatus, Verb::kStart, Verb::kActivate, Verb::kGrant, Verb::kRevoke}) {
    FakeMac mac;
    mac.path = "/Users/x/out/Flowtap.app";
    CHECK_EQ(mac.run({verb, ""}), kBroken);
    CHECK_CONTAINS(mac.result(), "not-in-applications");
    CHECK_EQ(mac.asked, 0);
    CHECK(mac.calls.empty());
  }
}

TEST("the proxy is looked for under the installed extension's name, and under those that were replaced") {
  FakeMac mac;
  mac.found.all = {{"6", "A1B2C3D4E5.dev.flowtap.6", true, false, true}, {"7", kEndpoint, true, false, false}};
  mac.run({Verb::kStatus, ""});
  CHECK(mac.called("check " + kEndpoint + " not A1B2C3D4E5.dev.flowtap.6"));
}

TEST("where to click depends on the macOS that runs") {
  CHECK_CONTAINS(approveExtension({13, 6}).next, "Privacy & Security");
  CHECK_CONTAINS(approveExtension({14, 0}).next, "Privacy & Security");
  CHECK_CONTAINS(approveExtension({15, 0}).next, "Login Items & Extensions");
  CHECK(approveExtension({15, 7}).next.find("By Category") == std::string::npos);
  CHECK_CONTAINS(approveExtension({26, 0}).next, "By Category");
  CHECK_CONTAINS(enableConfiguration({14, 0}).next, "VPN & Filters");
  for (const int version : {13, 14, 15, 26, 27})
    for (const Advice& advice : {approveExtension({version, 0}), enableExtension({version, 0}), enableConfiguration({version, 0})}) {
      CHECK_CONTAINS(advice.next, "System Settings");
      CHECK_EQ(advice.open.rfind("x-apple.systempreferences:", 0), 0u);
    }
  for (int code = 0; code < 20; code++) CHECK(!explainRequest(code, "words").next.empty());
  CHECK_CONTAINS(explainRequest(99, "words").text, "words");
}

TEST("activate waits for approval and says where it is given; what fails is explained") {
  FakeMac mac;
  mac.found.all.clear();
  mac.asksForApproval = true;
  CHECK_EQ(mac.run({Verb::kActivate, ""}), kDone);
  CHECK_CONTAINS(mac.lines[0], "\"approved\",\"state\":\"waiting\"");
  CHECK_CONTAINS(mac.lines[0], "\"open\":\"x-apple");
  CHECK_CONTAINS(mac.lines[1], "\"installed\",\"state\":\"ok\"");
  CHECK_EQ(mac.result(), "{\"result\":\"ok\"}");

  mac.ends = {{false, 8, "signature"}};
  CHECK_EQ(mac.run({Verb::kActivate, ""}), kBroken);
  CHECK_CONTAINS(mac.result(), "request-8");
  mac.ends = {{true, 0, ""}};
  CHECK_EQ(mac.run({Verb::kActivate, ""}), kAwaitsRestart);

  FakeMac elsewhere;
  elsewhere.path = "/private/var/folders/x/AppTranslocation/Flowtap.app";
  CHECK_EQ(elsewhere.run({Verb::kActivate, ""}), kBroken);
  CHECK(!elsewhere.called("activate"));
  CHECK_CONTAINS(elsewhere.result(), "not-in-applications");
}

TEST("start does what is missing, waits for the connection and proves it") {
  FakeMac mac;
  mac.found.all[0].build = "6";
  mac.now = {};
  mac.noServiceTimes = 2;  // the extension's process is only starting
  CHECK_EQ(mac.run({Verb::kStart, ""}), kDone);
  CHECK(mac.called("activate") && mac.called("enable") && mac.called("connect"));
  CHECK_CONTAINS(mac.line("flow-seen"), "\"ok\"");

  FakeMac fresh;
  fresh.now.connection = Connection::kDisconnected;
  CHECK_EQ(fresh.run({Verb::kStart, ""}), kDone);
  CHECK(!fresh.called("activate"));

  FakeMac off;
  off.found.all[0].enabled = false;
  CHECK_EQ(off.run({Verb::kStart, ""}), kBroken);
  CHECK(!off.called("connect"));
  CHECK_CONTAINS(off.result(), "extension-off");

  FakeMac declined;
  declined.now = {};
  declined.enableError = "permission denied";
  CHECK_EQ(declined.run({Verb::kStart, ""}), kBroken);
  CHECK_CONTAINS(declined.result(), "permission denied");

  FakeMac hanging;
  hanging.now.connection = Connection::kDisconnected;
  hanging.failure = "the plug-in died";
  CHECK(hanging.run({Verb::kStart, ""}) != kDone);
  CHECK_CONTAINS(hanging.result(), "\"stage\":\"connected\"");
}

TEST("stop and deactivate wait until it is done, and are content where there is nothing to do") {
  FakeMac mac;
  CHECK_EQ(mac.run({Verb::kStop, ""}), kDone);
  CHECK(mac.called("disconnect"));
  CHECK(mac.now.connection == Connection::kDisconnected);
  mac.now = {};
  mac.calls.clear();
  CHECK_EQ(mac.run({Verb::kStop, ""}), kDone);
  CHECK(mac.calls.empty());

  FakeMac gone;
  gone.asksForApproval = true;
  CHECK_EQ(gone.run({Verb::kDeactivate, ""}), kDone);
  CHECK((gone.calls == std::vector<std::string>{"disconnect", "remove", "deactivate"}));
  gone.ends = {{false, 4, "not found"}};
  CHECK_EQ(gone.run({Verb::kDeactivate, ""}), kDone);
  gone.ends = {{true, 0, ""}};
  CHECK_EQ(gone.run({Verb::kDeactivate, ""}), kAwaitsRestart);
  gone.ends = {{false, 13, ""}};
  CHECK_EQ(gone.run({Verb::kDeactivate, ""}), kBroken);
}

TEST("grant asks the user by the name of the program that asks, and hands out a token that is granted") {
  FakeMac mac;
  CHECK_EQ(mac.run({Verb::kGrant, ""}), kDone);
  CHECK_EQ(mac.question, "Allow Visual Studio Code to see this user's network flows?");
  const std::string token(64, 'f');
  CHECK(mac.called("grant " + kEndpoint + " " + token));
  CHECK_CONTAINS(mac.result(), "\"token\":\"" + token + "\"");

  FakeMac declined;
  declined.agrees = false;
  CHECK_EQ(declined.run({Verb::kGrant, ""}), kBroken);
  CHECK(declined.calls.empty());
  CHECK(declined.result().find(token) == std::string::npos);

  FakeMac refused;
  refused.tokenError = "too many";
  CHECK_EQ(refused.run({Verb::kGrant, ""}), kBroken);
  CHECK(refused.result().find(token) == std::string::npos);

  FakeMac absent;
  absent.found.all.clear();
  CHECK_EQ(absent.run({Verb::kGrant, ""}), kBroken);
  CHECK(absent.question.empty());
}

TEST("the question names no more than is known") {
  CHECK_EQ(grantQuestion("/usr/bin/zsh").title, "Allow zsh to see this user's network flows?");
  CHECK_EQ(grantQuestion("").title, "Allow a program to see this user's network flows?");
  CHECK_CONTAINS(grantQuestion("/Applications/A.app/Contents/B.app/x").detail, "/Applications/A.app/Contents/B.app/x");
}

TEST("revoke takes one token or all") {
  FakeMac mac;
  CHECK_EQ(mac.run({Verb::kRevoke, "abc"}), kDone);
  CHECK_EQ(mac.run({Verb::kRevoke, ""}), kDone);
  CHECK((mac.calls == std::vector<std::string>{"revoke " + kEndpoint + " abc", "revoke " + kEndpoint + " "}));
}

TEST("arguments are commands or an error that says what is wrong") {
  std::string error;
  CHECK(parseCommand({"status"}, error)->verb == Verb::kStatus);
  CHECK_EQ(parseCommand({"revoke", "abc"}, error)->token, "abc");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{}, {"Status"}, {"status", "x"}, {"revoke", "a", "b"}, {""}}) {
    error.clear();
    CHECK(!parseCommand(wrong, error));
    CHECK(!error.empty());
  }
}

TEST("a line of JSON is one line of JSON, whatever the texts hold") {
  const std::string line = JsonLine().text("a", "q\"\\\n\t\x01\x7f" "é\xff").optional("b", "").flag("c", true).str();
  CHECK_EQ(line, "{\"a\":\"q\\\"\\\\\\u000a\\u0009\\u0001\\u007fé\xef\xbf\xbd\",\"c\":true}");
}

}  // namespace
