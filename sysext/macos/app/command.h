// The words of the app's command line.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace flowtap::macos::app {

enum class Verb { kActivate, kDeactivate, kStart, kStop, kStatus, kGrant, kRevoke };

struct Command {
  Verb verb = Verb::kStatus;
  std::string token;  ///< revoke: which; "" for all of this user
};
/// Nothing, with `error` set, where the arguments are no command.
std::optional<Command> parseCommand(const std::vector<std::string>& arguments, std::string& error);
std::string usage();

enum ExitCode { kDone = 0, kBroken = 1, kUsage = 2, kAwaitsUser = 3, kAwaitsRestart = 4 };

}  // namespace flowtap::macos::app
