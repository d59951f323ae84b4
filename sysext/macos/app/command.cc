#include "sysext/macos/app/command.h"

#include <utility>

namespace flowtap::macos::app {
namespace {

const std::pair<const char*, Verb> kVerbs[] = {
    {"activate", Verb::kActivate}, {"deactivate", Verb::kDeactivate}, {"start", Verb::kStart}, {"stop", Verb::kStop},
    {"status", Verb::kStatus},     {"grant", Verb::kGrant},           {"revoke", Verb::kRevoke},
};

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

}  // namespace flowtap::macos::app
