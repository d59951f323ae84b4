#include "sysext/macos/app/controller.h"

#include <utility>

#include "sysext/macos/app/json.h"

namespace flowtap::macos::app {
namespace {

/// Times System::later() until a status that the system does not know yet is taken for one that it does not have.
constexpr int kStatusAttempts = 4;

int exitCodeOf(const Stage& stage) {
  if (stage.code == "restart-needed" || stage.code == "stale-registration") return kAwaitsRestart;
  return stage.state == StageState::kWaiting ? kAwaitsUser : kBroken;
}

}  // namespace

Controller::Controller(System& system, Exit exit) : system_(system), exit_(std::move(exit)) {
  facts_.appPath = system.appPath();
  facts_.version = system.version();
  facts_.bundledBuild = system.bundledBuild();
  facts_.bundledEndpoint = system.bundledEndpoint();
}

void Controller::run(const Command& command) {
  const auto self = shared_from_this();
  const bool ends = command.verb == Verb::kStop || command.verb == Verb::kDeactivate;
  if (!ends && facts_.appPath.rfind("/Applications/", 0) != 0) {
    // The system is not asked: to an app elsewhere it may give no answer at all.
    facts_.extensions = Extensions();
    tell();
    return finish();
  }
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

void Controller::lookAtConfiguration(Next then) { lookAtConfiguration(kStatusAttempts, std::move(then)); }

void Controller::lookAtConfiguration(int attempts, Next then) {
  system_.configuration([self = shared_from_this(), attempts, then](Configuration found) {
    // What was just loaded may have no status yet.
    if (found.exists && found.enabled && found.connection == Connection::kInvalid && attempts > 1)
      return self->system_.later([self, attempts, then] { self->lookAtConfiguration(attempts - 1, then); });
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
