#include "sysext/linux/daemon/options.h"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>

namespace flowtap::daemon {

const char* const kUsage = R"(Usage: flowtapd [OPTION]...
The proxy of one user: relays the connections of programs that flowtap-run started and tells clients about them.

Without an option it starts in the background and fails where one runs already.
  --ensure               succeed at once where this user's proxy answers; start it otherwise
  --foreground           stay in the foreground
  --idle-exit SECONDS    end after this time without capture and subscriber; 0 is never (60)
  --log FILE             log there instead of in the run-time directory
  --body-limit BYTES     first bytes of each direction of a flow that clients can get (16384)
  --body-budget BYTES    payload that may wait for clients, all together (16777216)
  --queue BYTES          what may wait for one client (4194304)
  --relay-budget BYTES   payload that may wait for slow peers, all together (67108864); at twice this, new flows are refused
  --max-flows N          live flows (65536)
  --max-clients N        connected clients, launchers of captures not counted (64)
  --max-captures N       captures (256)
  --udp-idle SECONDS     end a UDP conversation after this time without a datagram (60)
  --version, --help

Each option with a value is also an environment variable, as FLOWTAP_MAX_FLOWS is --max-flows; it counts where the option
is not given.
Run-time files are in $FLOWTAP_RUNTIME_DIR, or $XDG_RUNTIME_DIR/flowtap, or /tmp/flowtap-UID.
)";

namespace {

/// A whole number in [low, high]; false otherwise.
bool number(const char* text, uint64_t low, uint64_t high, uint64_t& value) {
  if (!text || *text < '0' || *text > '9') return false;
  char* end = nullptr;
  errno = 0;
  value = std::strtoull(text, &end, 10);
  return errno == 0 && *end == '\0' && value >= low && value <= high;
}

/// --max-flows -> FLOWTAP_MAX_FLOWS
std::string variableOf(const char* option) {
  std::string name = "FLOWTAP_";
  for (const char* c = option + 2; *c; c++) name += *c == '-' ? '_' : static_cast<char>(std::toupper(*c));
  return name;
}

}  // namespace

Options parseOptions(int argc, char** argv, const Environment& environment) {
  Options options;
  uint64_t udpIdle = options.limits.datagramIdleMillis / 1000, idleExit = options.idleExitSeconds;
  uint64_t body = options.limits.bodyLimit, budget = options.limits.bodyBudget, queue = options.limits.queueBytes;
  uint64_t relay = options.limits.relayBudget;
  uint64_t flows = options.limits.flows, clients = options.limits.sessions, captures = options.limits.captures;
  const uint64_t day = 86'400, gigabyte = 1u << 30;
  const struct {
    const char* name;
    uint64_t* value;
    uint64_t low, high;
  } numbers[] = {
      {"--idle-exit", &idleExit, 0, 365 * day},     {"--body-limit", &body, 0, gigabyte},
      {"--body-budget", &budget, 0, 16 * gigabyte}, {"--queue", &queue, 64u << 10, gigabyte},
      {"--max-flows", &flows, 1, 1'000'000},        {"--max-clients", &clients, 1, 10'000},
      {"--max-captures", &captures, 1, 10'000},     {"--udp-idle", &udpIdle, 1, day},
      {"--relay-budget", &relay, 1u << 20, 16 * gigabyte},
  };
  const auto invalid = [&](std::string problem) {
    options.action = Options::Action::kInvalid;
    options.problem = std::move(problem);
    return options;
  };
  const auto wrong = [&](const std::string& name, uint64_t low, uint64_t high) {
    return invalid(name + " needs a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  };
  for (const auto& each : numbers) {
    const std::string name = variableOf(each.name);
    const char* value = environment(name.c_str());
    if (value && *value && !number(value, each.low, each.high, *each.value)) return wrong(name, each.low, each.high);
  }
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    bool known = true;
    if (word == "--ensure") options.action = Options::Action::kEnsure;
    else if (word == "--foreground") options.action = Options::Action::kForeground;
    else if (word == "--help" || word == "-h") options.action = Options::Action::kHelp;
    else if (word == "--version") options.action = Options::Action::kVersion;
    else if (word == "--log") {
      if (!value) return invalid("--log needs a file");
      options.log = value;
      i++;
    } else known = false;
    for (const auto& each : numbers) {
      if (word != each.name) continue;
      if (!number(value, each.low, each.high, *each.value))
        return wrong(word, each.low, each.high);
      known = true;
      i++;
      break;
    }
    if (!known) return invalid("unknown option " + word);
  }
  options.idleExitSeconds = static_cast<uint32_t>(idleExit);
  options.limits.bodyLimit = static_cast<uint32_t>(body);
  options.limits.bodyBudget = budget;
  options.limits.queueBytes = queue;
  options.limits.relayBudget = relay;
  options.limits.bodyShare = queue / 4 * 3;
  options.limits.flows = static_cast<uint32_t>(flows);
  options.limits.sessions = static_cast<uint32_t>(clients);
  options.limits.captures = static_cast<uint32_t>(captures);
  options.limits.datagramIdleMillis = static_cast<uint32_t>(udpIdle * 1000);
  return options;
}

}  // namespace flowtap::daemon
