#include "sysext/macos/app/stages.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "sysext/macos/app/advice.h"
#include "sysext/macos/app/json.h"
#include "sysext/macos/runtime/bundle.h"

namespace flowtap::macos::app {
namespace {

constexpr const char* kNames[] = {"installed", "approved", "enabled", "connected", "reachable", "flow-seen"};
/// Of OSSystemExtensionErrorDomain: how the system says that none is installed.
constexpr int kExtensionNotFound = 4;
constexpr const char* kRestart = "Restart this Mac.";

const char* textOf(StageState state) {
  switch (state) {
    case StageState::kOk:
      return "ok";
    case StageState::kWaiting:
      return "waiting";
    case StageState::kFailed:
      return "failed";
    case StageState::kUnknown:
      return "unknown";
    case StageState::kSkipped:
      break;
  }
  return "skipped";
}

Stage ok(std::string text) {
  Stage stage;
  stage.text = std::move(text);
  return stage;
}
Stage broken(StageState state, std::string code, std::string text, Advice advice) {
  Stage stage;
  stage.state = state;
  stage.code = std::move(code);
  stage.text = std::move(text);
  stage.next = std::move(advice.next);
  stage.open = std::move(advice.open);
  return stage;
}
Stage failed(std::string code, std::string text, std::string next) {
  return broken(StageState::kFailed, std::move(code), std::move(text), {std::move(next), ""});
}

Stage installed(const Facts& facts) {
  if (facts.appPath.rfind("/Applications/", 0) != 0)
    return failed("not-in-applications", "The app is in " + facts.appPath + ", where no extension can be installed from.",
                  "Move Flowtap.app to /Applications.");
  if (!facts.extensions->error.empty() && facts.extensions->code != kExtensionNotFound)
    return failed("system-silent", "The system does not say which extensions there are: " + facts.extensions->error,
                  "Try again; if it persists, restart this Mac.");
  const auto& all = facts.extensions->all;
  const Extension* const current = currentExtension(*facts.extensions);
  if (!current && !all.empty())
    return failed("restart-needed", "The extension is being removed, which ends with the next restart.", kRestart);
  if (!current) return failed("not-installed", "The extension is not installed.", "Run: Flowtap activate");
  if (current->build != facts.bundledBuild)
    return failed("outdated", "Build " + current->build + " of the extension is installed, the app carries build " +
                                  facts.bundledBuild + ".",
                  "Run: Flowtap activate");
  return ok("Build " + current->build + " of the extension is installed.");
}

Stage approved(const Facts& facts) {
  if (currentExtension(*facts.extensions)->awaitingApproval)
    return broken(StageState::kWaiting, "awaiting-approval", "The extension waits for your approval.",
                  approveExtension(facts.version));
  return ok("The extension is approved.");
}

Stage enabled(const Facts& facts) {
  if (!currentExtension(*facts.extensions)->enabled)
    return broken(StageState::kFailed, "extension-off", "The extension is switched off.", enableExtension(facts.version));
  const Configuration& configuration = *facts.configuration;
  if (!configuration.error.empty())
    return failed("configuration-unreadable", "The proxy's configuration cannot be read: " + configuration.error,
                  "Sign the app with its entitlements and profile: make -C sysext sign.");
  if (!configuration.exists)
    return failed("not-configured", "The proxy is not configured.",
                  "Run: Flowtap start, and allow Flowtap to add proxy configurations when the system asks.");
  if (!configuration.enabled)
    return broken(StageState::kFailed, "configuration-off", "The proxy's configuration is switched off.",
                  enableConfiguration(facts.version));
  return ok("The extension and the proxy's configuration are switched on.");
}

Stage connected(const Facts& facts) {
  switch (facts.configuration->connection) {
    case Connection::kConnected:
      return ok("The system sends flows through the proxy.");
    case Connection::kConnecting:
    case Connection::kReasserting:
      return broken(StageState::kWaiting, "connecting", "The proxy is starting.", {"Ask again in a moment.", ""});
    case Connection::kDisconnecting:
      return broken(StageState::kWaiting, "disconnecting", "The proxy is stopping.", {"Ask again in a moment.", ""});
    case Connection::kInvalid:
    case Connection::kDisconnected:
      break;
  }
  const std::string why = facts.lastFailure.empty() ? "." : ": " + facts.lastFailure;
  return failed("stopped", "The proxy does not run" + why, "Run: Flowtap start");
}

Stage unreachable(const Facts& facts) {
  const Health& health = *facts.health;
  const std::string endpoint = endpointOf(facts);
  if (health.staleAnswers)
    return failed("stale-registration",
                  "A build of the extension that was replaced still holds its name, and " + endpoint + " is not served.",
                  kRestart);
  switch (health.connect) {
    case ConnectError::kNoService:
      // Enabled and connected, and yet the name is not there: launchd knows the extension as it was before an update.
      return failed("stale-registration",
                    "The proxy runs, and nobody serves " + endpoint +
                        ": after an update the system can keep the registration of the build before.",
                    kRestart);
    case ConnectError::kRefused:
      return failed("refused", health.connectText, "App and extension must be signed by one team; install Flowtap again.");
    default:
      return failed("unreachable", health.connectText, "Run: Flowtap stop, then Flowtap start.");
  }
}

Stage reachable(const Facts& facts) {
  const Health& health = *facts.health;
  if (health.connect != ConnectError::kNone || health.staleAnswers) return unreachable(facts);
  if (!health.refusal.empty())
    return failed("refused", "The proxy refused this client: " + health.refusal, "Install Flowtap again.");
  if (!health.answered)
    return failed("no-answer", "The proxy does not answer.", "Run: Flowtap stop, then Flowtap start.");
  Stage stage = ok("The proxy answers.");
  stage.endpoint = endpointOf(facts);
  stage.requirement = requirementOf(stage.endpoint);
  stage.build = health.build;
  return stage;
}

Stage flowSeen(const Facts& facts) {
  const Health& health = *facts.health;
  if (health.seen) return ok("A flow that was made for the purpose came through the proxy.");
  if (health.dialError != 0)
    return broken(StageState::kUnknown, "offline",
                  "No flow could be made: " + std::generic_category().message(health.dialError) + ".",
                  {"Connect this Mac to a network, then ask again.", ""});
  return failed("no-flow", "A flow that was made for the purpose did not come through the proxy.",
                "Run: Flowtap stop, then Flowtap start. Another proxy, filter or VPN may take flows first: switch it off "
                "to see.");
}

}  // namespace

std::string lineOf(const Stage& stage) {
  JsonLine line;
  line.text("stage", stage.name).text("state", textOf(stage.state)).optional("code", stage.code);
  line.optional("text", stage.text).optional("next", stage.next).optional("open", stage.open);
  line.optional("endpoint", stage.endpoint).optional("requirement", stage.requirement).optional("build", stage.build);
  return line.str();
}

const Extension* currentExtension(const Extensions& extensions) {
  const auto rank = [](const Extension& e) { return e.uninstalling ? 0 : e.enabled ? 3 : e.awaitingApproval ? 2 : 1; };
  const Extension* best = nullptr;
  for (const Extension& each : extensions.all)
    if (rank(each) > (best ? rank(*best) : 0)) best = &each;
  return best;
}

std::string endpointOf(const Facts& facts) {
  const Extension* const current = facts.extensions ? currentExtension(*facts.extensions) : nullptr;
  return current && !current->endpoint.empty() ? current->endpoint : facts.bundledEndpoint;
}

std::vector<std::string> replacedEndpoints(const Facts& facts) {
  const std::string current = endpointOf(facts);
  std::vector<std::string> replaced;
  if (facts.extensions)
    for (const Extension& each : facts.extensions->all)
      if (!each.endpoint.empty() && each.endpoint != current) replaced.push_back(each.endpoint);
  return replaced;
}

std::string requirementOf(const std::string& endpoint) {
  const std::string team = teamOf(endpoint);
  return team.empty() ? "" : "anchor apple generic and certificate leaf[subject.OU] = \"" + team + "\"";
}

std::vector<Stage> judge(const Facts& facts) {
  const bool known[] = {facts.extensions.has_value(),    facts.extensions.has_value(), facts.configuration.has_value(),
                        facts.configuration.has_value(), facts.health.has_value(),     facts.health.has_value()};
  Stage (*const stages[])(const Facts&) = {installed, approved, enabled, connected, reachable, flowSeen};
  std::vector<Stage> all;
  bool going = true;
  for (size_t i = 0; i < std::size(kNames); i++) {
    Stage stage;
    if (going && known[i]) stage = stages[i](facts);
    else stage.state = StageState::kSkipped;
    stage.name = kNames[i];
    going = going && stage.state == StageState::kOk;
    all.push_back(std::move(stage));
  }
  return all;
}

const Stage* firstBroken(const std::vector<Stage>& stages) {
  const auto found =
      std::find_if(stages.begin(), stages.end(), [](const Stage& stage) { return stage.state != StageState::kOk; });
  return found == stages.end() ? nullptr : &*found;
}

}  // namespace flowtap::macos::app
