// The launcher's command line.
#pragma once
#include <string>
#include <vector>

#include "sysext/linux/launcher/capture.h"

namespace flowtap::linux_ {

struct Options {
  enum class Action { kRun, kCheck, kApparmorProfile, kHelp, kInvalid };
  Action action = Action::kRun;
  std::string capture;             ///< unique per run
  std::vector<wire::Mode> modes;   ///< in the order to try
  Holding holding = Holding::kWherePossible;
  bool endsWithParent = false;
  char** command = nullptr;        ///< null-terminated
  std::string problem;             ///< of kInvalid
};

Options parseOptions(int argc, char** argv);

extern const char* const kUsage;

}  // namespace flowtap::linux_
