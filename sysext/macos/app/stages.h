// How far the proxy has come, stage by stage, from facts that were looked up. Pure: what is told is decided here.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sysext/macos/app/system.h"

namespace flowtap::macos::app {

enum class StageState { kOk, kWaiting, kFailed, kUnknown, kSkipped };

struct Stage {
  std::string name;  ///< installed, approved, enabled, connected, reachable, flow-seen
  StageState state = StageState::kOk;
  std::string code;  ///< what is wrong, for programs; "" where nothing is
  std::string text;
  std::string next;
  std::string open;
  std::string endpoint, requirement, build;  ///< with "reachable": how to connect
};
std::string lineOf(const Stage& stage);

/// What is known so far. A stage whose facts are missing was not looked at.
struct Facts {
  std::string appPath;
  Version version;
  std::string bundledBuild;
  std::string bundledEndpoint;
  std::optional<Extensions> extensions;
  std::optional<Configuration> configuration;
  std::string lastFailure;
  std::optional<Health> health;
};

/// The extension that works now, or would: enabled before awaited, never one that is being removed.
const Extension* currentExtension(const Extensions& extensions);
/// Where clients connect: the endpoint of the installed extension, which can be of another build than this app.
std::string endpointOf(const Facts& facts);
/// Endpoints of builds that were replaced.
std::vector<std::string> replacedEndpoints(const Facts& facts);
/// The code-signing requirement that the proxy's process meets.
std::string requirementOf(const std::string& endpoint);

/// In order. After one that is broken, the others are skipped.
std::vector<Stage> judge(const Facts& facts);
/// The first that is not in order; null where all are.
const Stage* firstBroken(const std::vector<Stage>& stages);

}  // namespace flowtap::macos::app
