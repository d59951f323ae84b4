// flowtapd's command line.
#pragma once
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

Options parseOptions(int argc, char** argv);

extern const char* const kUsage;

}  // namespace flowtap::daemon
