#include "sysext/macos/app/controller.h"

#include <utility>

#include "sysext/macos/app/advice.h"
#include "sysext/macos/app/json.h"

namespace flowtap::macos::app {
namespace {

/// Times System::later() until the system has made or ended a connection: about half a minute.
constexpr int kConnectionAttempts = 60;
/// The extension's process starts when it is first looked up.
constexpr int kHealthAttempts = 6;

const std::pair<const char*, Verb> kVerbs[] = {
    {"activate", Verb::kActivate}, {"deactivate", Verb::kDeactivate}, {"start", Verb::kStart}, {"stop", Verb::kStop},
    {"status", Verb::kStatus},     {"grant", Verb::kGrant},           {"revoke", Verb::kRevoke},
};

int exitCodeOf(const Stage& stage) {
  if (stage.code == "restart-needed" || stage.code == "stale-registration") return kAwaitsRestart;
  return stage.state == StageState::kWaiting ? kAwaitsUser : kBroken;
}

}  // namespace

std::string usage() {
  return "usage: Flowtap activate | deactivate | start | stop | status | grant | revoke [TOKEN]\n";
}

std::optional<Command> parseCommand(const std::vector<std::string>& arguments, std::string& error) {
  if (arguments.empty()) {
    error = "a command is missing";
    return std::nullopt;
  }
  for (const auto& [name, verb] : kVerbs) {
    if (arguments[0] != name) continue;
    const size_t most = verb == Verb::kRevoke ? 2 : 1;
    if (arguments.size() > most) {
      error = "\"" + arguments[most] + "\" is one argument too many";
      return std::nullopt;
    }
    return Command{verb, arguments.size() > 1 ? arguments[1] : ""};
  }
  error = "there is no command \"" + arguments[0] + "\"";
  return std::nullopt;
}

Question grantQuestion(const std::string& askingProgram) {
  // The outermost bundle: an editor's helper lies in the editor.
  const size_t bundle = askingProgram.find(".app/");
  const std::string path = bundle == std::string::npos ? askingProgram : askingProgram.substr(0, bundle);
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.empty()) name = "a program";
  const std::string from = askingProgram.empty() ? "It is not known which program asks." : "Asked by " + askingProgram;
  return {"Allow " + name + " to see this user's network flows?",
          "It will see who talks to whom and what is sent, of your own programs only, until you revoke it (Flowtap "
          "revoke). Nothing leaves this Mac.\n\n" + from};
}

Controller::Controller(System& system, Exit exit) : system_(system), exit_(std::move(exit)) {
  facts_.appPath = system.appPath();
  facts_.version = system.version();
  facts_.bundledBuild = system.bundledBuild();
  facts_.bundledEndpoint = system.bundledEndpoint();
}

void Controller::run(const Command& command) {
  const auto self = shared_from_this();
  switch (command.verb) {
    case Verb::kActivate:
      return activate([self] { self->lookAtExtensions([self] { self->end(JsonLine().text("result", "ok").str(), kDone); }); });
    case Verb::kDeactivate:
      return deactivate();
    case Verb::kStart:
      return start();
    case Verb::kStop:
      return stop();
    case Verb::kStatus:
      return status();
    case Verb::kGrant:
      return grant();
    case Verb::kRevoke:
      return revoke(command.token);
  }
}

// ---- looking ----

void Controller::lookAtExtensions(Next then) {
  system_.extensions([self = shared_from_this(), then](Extensions found) {
    self->facts_.extensions = std::move(found);
    self->tell();
    if (self->broken()) self->finish();
    else then();
  });
}

void Controller::lookAtConfiguration(Next then) {
  system_.configuration([self = shared_from_this(), then](Configuration found) {
    self->facts_.configuration = found;
    if (!found.exists || found.connection != Connection::kDisconnected) {
      self->tell();
      return self->broken() ? self->finish() : then();
    }
    self->system_.lastFailure([self](const std::string& why) {
      self->facts_.lastFailure = why;
      self->tell();
      self->finish();
    });
  });
}

void Controller::lookAtHealth(int attempts, Next then) {
  system_.checkHealth(endpointOf(facts_), replacedEndpoints(facts_),
                      [self = shared_from_this(), attempts, then](Health found) {
                        const bool tooEarly = found.connect == ConnectError::kNoService && !found.staleAnswers;
                        if (tooEarly && attempts > 1)
                          return self->system_.later([self, attempts, then] { self->lookAtHealth(attempts - 1, then); });
                        self->facts_.health = std::move(found);
                        self->tell();
                        if (self->broken()) self->finish();
                        else then();
                      });
}

void Controller::awaitConnection(bool wanted, int attempts, Next then) {
  system_.configuration([self = shared_from_this(), wanted, attempts, then](Configuration found) {
    const bool settled = wanted ? found.connection == Connection::kConnected
                                : !found.exists || found.connection == Connection::kDisconnected ||
                                      found.connection == Connection::kInvalid;
    if (settled || attempts <= 1) return then();
    self->system_.later([self, wanted, attempts, then] { self->awaitConnection(wanted, attempts - 1, then); });
  });
}

// ---- commands ----

void Controller::status() {
  const auto self = shared_from_this();
  lookAtExtensions([self] {
    self->lookAtConfiguration([self] { self->lookAtHealth(1, [self] { self->finish(); }); });
  });
}

void Controller::activate(Next then) {
  if (facts_.appPath.rfind("/Applications/", 0) != 0) {
    facts_.extensions = Extensions();
    tell();
    return finish();
  }
  const auto self = shared_from_this();
  system_.activate(
      [self] {
        const Advice advice = approveExtension(self->facts_.version);
        Stage stage;
        stage.name = "approved";
        stage.state = StageState::kWaiting;
        stage.code = "awaiting-approval";
        stage.text = "The extension waits for your approval.";
        stage.next = advice.next;
        stage.open = advice.open;
        self->system_.say(lineOf(stage));
      },
      [self, then](const RequestEnd& end) {
        if (end.code != 0) {
          const Explanation why = explainRequest(end.code, end.text);
          return self->fail("request-" + std::to_string(end.code), why.text, why.next);
        }
        if (!end.afterReboot) return then();
        self->end(JsonLine()
                      .text("result", "waiting")
                      .text("code", "restart-needed")
                      .text("text", "The system takes the extension over with the next restart.")
                      .text("next", "Restart this Mac.")
                      .str(),
                  kAwaitsRestart);
      });
}

void Controller::start() {
  const auto self = shared_from_this();
  const Next connect = [self] {
    self->system_.enable([self](const std::string& error) {
      if (!error.empty())
        return self->fail("not-configured", "The proxy's configuration was not saved: " + error,
                          "Run it again, and allow Flowtap to add proxy configurations when the system asks.");
      self->system_.connect([self](const std::string& failure) {
        if (!failure.empty())
          return self->fail("not-started", "The system does not start the proxy: " + failure, "Run: Flowtap status");
        self->awaitConnection(true, kConnectionAttempts, [self] {
          self->lookAtConfiguration([self] { self->lookAtHealth(kHealthAttempts, [self] { self->finish(); }); });
        });
      });
    });
  };
  system_.extensions([self, connect](Extensions found) {
    const Extension* const current = currentExtension(found);
    // What an administrator has switched off is not asked for again; status says where it is switched on.
    const bool fresh = found.error.empty() && current && current->build == self->facts_.bundledBuild &&
                       !current->awaitingApproval;
    if (fresh) {
      const bool on = current->enabled;
      self->facts_.extensions = std::move(found);
      self->tell();
      if (self->broken()) return self->finish();
      return on ? connect() : self->lookAtConfiguration([self] { self->finish(); });
    }
    self->activate([self, connect] { self->lookAtExtensions(connect); });
  });
}

void Controller::stop() {
  const auto self = shared_from_this();
  system_.configuration([self](const Configuration& found) {
    const auto stopped = [self] {
      self->end(JsonLine().text("result", "ok").text("text", "The proxy is stopped.").str(), kDone);
    };
    if (!found.error.empty())
      return self->fail("configuration-unreadable", "The proxy's configuration cannot be read: " + found.error,
                        "Sign the app with its entitlements and profile: make -C sysext sign.");
    if (!found.exists) return stopped();
    self->system_.disconnect();
    self->awaitConnection(false, kConnectionAttempts, stopped);
  });
}

void Controller::deactivate() {
  const auto self = shared_from_this();
  const Next request = [self] {
    self->system_.deactivate(
        [self] {
          Stage stage;
          stage.name = "installed";
          stage.state = StageState::kWaiting;
          stage.code = "awaiting-approval";
          stage.text = "The system asks for an administrator's password before it removes the extension.";
          self->system_.say(lineOf(stage));
        },
        [self](const RequestEnd& end) {
          // Code 4: it is not there, which is what was asked for.
          if (end.code != 0 && end.code != 4) {
            const Explanation why = explainRequest(end.code, end.text);
            return self->fail("request-" + std::to_string(end.code), why.text, why.next);
          }
          const std::string text = end.afterReboot ? "The extension is gone after the next restart of this Mac."
                                                   : "The extension is removed.";
          self->end(JsonLine().text("result", end.afterReboot ? "waiting" : "ok").text("text", text).str(),
                    end.afterReboot ? kAwaitsRestart : kDone);
        });
  };
  system_.configuration([self, request](const Configuration& found) {
    if (!found.exists) return request();
    self->system_.disconnect();
    self->awaitConnection(false, kConnectionAttempts, [self, request] {
      // The extension can be removed also where its configuration cannot.
      self->system_.removeConfiguration([request](const std::string&) { request(); });
    });
  });
}

void Controller::withEndpoint(std::function<void(const std::string& endpoint)> then) {
  system_.extensions([self = shared_from_this(), then](Extensions found) {
    self->facts_.extensions = std::move(found);
    const auto stages = judge(self->facts_);
    // An older build serves as well, under its own name.
    const Stage* const first = firstBroken(stages);
    if (first && first->code != "outdated" && first->state != StageState::kSkipped) {
      self->tell();
      return self->finish();
    }
    then(endpointOf(self->facts_));
  });
}

void Controller::grant() {
  withEndpoint([self = shared_from_this()](const std::string& endpoint) {
    const Question question = grantQuestion(self->system_.askingProgram());
    if (!self->system_.askUser(question.title, question.detail))
      return self->fail("declined", "You did not allow it.", "Run it again to be asked again.");
    const std::string token = self->system_.makeToken();
    if (token.empty()) return self->fail("no-randomness", "The system gives no random bytes.", "Try again.");
    self->system_.changeToken(endpoint, true, token, [self, endpoint, token](const std::string& error) {
      if (!error.empty()) return self->fail("not-granted", error, "Run: Flowtap status");
      self->end(JsonLine()
                    .text("result", "ok")
                    .text("token", token)
                    .text("endpoint", endpoint)
                    .text("requirement", requirementOf(endpoint))
                    .str(),
                kDone);
    });
  });
}

void Controller::revoke(const std::string& token) {
  withEndpoint([self = shared_from_this(), token](const std::string& endpoint) {
    self->system_.changeToken(endpoint, false, token, [self, token](const std::string& error) {
      if (!error.empty()) return self->fail("not-revoked", error, "Run: Flowtap status");
      self->end(JsonLine()
                    .text("result", "ok")
                    .text("text", token.empty() ? "Nobody may see your flows any more." : "The token is worth nothing now.")
                    .str(),
                kDone);
    });
  });
}

// ---- saying ----

/// The stages that are known and were not said yet.
void Controller::tell() {
  const auto stages = judge(facts_);
  while (told_ < stages.size() && stages[told_].state != StageState::kSkipped) system_.say(lineOf(stages[told_++]));
}

bool Controller::broken() {
  const auto stages = judge(facts_);
  const Stage* const first = firstBroken(stages);
  return first && first->state != StageState::kSkipped;
}

void Controller::finish() {
  const auto stages = judge(facts_);
  for (; told_ < stages.size(); told_++) system_.say(lineOf(stages[told_]));
  const Stage* const first = firstBroken(stages);
  if (!first) return end(JsonLine().text("result", "ok").str(), kDone);
  const int code = exitCodeOf(*first);
  end(JsonLine()
          .text("result", code == kBroken ? "failed" : "waiting")
          .text("stage", first->name)
          .optional("code", first->code)
          .optional("text", first->text)
          .optional("next", first->next)
          .optional("open", first->open)
          .str(),
      code);
}

void Controller::fail(const std::string& code, const std::string& text, const std::string& next) {
  end(JsonLine().text("result", "failed").text("code", code).text("text", text).text("next", next).str(), kBroken);
}

void Controller::end(const std::string& line, int code) {
  system_.say(line);
  if (const auto exit = std::exchange(exit_, nullptr)) exit(code);
}

}  // namespace flowtap::macos::app
