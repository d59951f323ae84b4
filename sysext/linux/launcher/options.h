// The launcher's command line.
#pragma once
#include <string>
#include <vector>

#include "gen/flow_pb.hpp"

namespace flowtap::linux_ {

struct Options {
  enum class Action { kRun, kCheck, kApparmorProfile, kHelp, kInvalid };
  Action action = Action::kRun;
  std::string capture;             ///< unique per run
  std::vector<wire::Mode> modes;   ///< in the order to try
  char** command = nullptr;        ///< null-terminated
  std::string problem;             ///< of kInvalid
};

Options parseOptions(int argc, char** argv);

extern const char* const kUsage;

}  // namespace flowtap::linux_
