// flowtapd's command line.
#pragma once
#include <functional>
#include <string>

#include "sysext/core/limits.h"

namespace flowtap::daemon {

struct Options {
  enum class Action { kStart, kEnsure, kForeground, kHelp, kVersion, kInvalid };
  Action action = Action::kStart;
  core::Limits limits;
  uint32_t idleExitSeconds = 60;  ///< 0: never
  std::string log;                ///< "": `log` in the run-time directory, or standard error in the foreground
  std::string problem;            ///< of kInvalid
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// An option on the command line goes before its environment variable: --max-flows before FLOWTAP_MAX_FLOWS.
Options parseOptions(int argc, char** argv, const Environment& environment);

extern const char* const kUsage;

}  // namespace flowtap::daemon
