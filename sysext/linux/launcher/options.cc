#include "sysext/linux/launcher/options.h"

#include <getopt.h>
#include <time.h>
#include <unistd.h>

namespace flowtap::linux_ {
namespace {

enum : int { kCaptureOption = 256, kModeOption, kNoHoldOption, kParentOption, kCheckOption, kApparmorOption, kHelpOption };

const option kLongOptions[] = {
    {"capture", required_argument, nullptr, kCaptureOption},
    {"mode", required_argument, nullptr, kModeOption},
    {"no-hold", no_argument, nullptr, kNoHoldOption},
    {"end-with-parent", no_argument, nullptr, kParentOption},
    {"check", no_argument, nullptr, kCheckOption},
    {"apparmor-profile", no_argument, nullptr, kApparmorOption},
    {"help", no_argument, nullptr, kHelpOption},
    {},
};

/// Empty for an unknown name.
std::vector<wire::Mode> modesOf(const std::string& name) {
  if (name == "auto") return {wire::Mode::kTproxy, wire::Mode::kRedirect, wire::Mode::kExplicit};
  if (name == "tproxy") return {wire::Mode::kTproxy};
  if (name == "redirect") return {wire::Mode::kRedirect};
  if (name == "explicit") return {wire::Mode::kExplicit};
  return {};
}

std::string uniqueName() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return "run-" + std::to_string(::getpid()) + "-" + std::to_string(now.tv_sec) + std::to_string(now.tv_nsec / 1000);
}

Options invalid(std::string problem) {
  Options options;
  options.action = Options::Action::kInvalid;
  options.problem = std::move(problem);
  return options;
}

}  // namespace

const char* const kUsage =
    "usage: flowtap-run [--capture NAME] [--mode auto|tproxy|redirect|explicit] [--no-hold] [--end-with-parent]\n"
    "                   -- COMMAND [ARGUMENT…]\n"
    "       flowtap-run --check [--mode …]\n"
    "       flowtap-run --apparmor-profile\n"
    "\n"
    "Runs COMMAND so that Flowtap sees the network flows of it and of its children. Needs no root.\n"
    "\n"
    "  --capture NAME      the name that its flows carry (default: one of its own)\n"
    "  --mode MODE         tproxy: TCP and UDP; redirect: TCP only; explicit: programs that obey http_proxy and the\n"
    "                      like; auto (default): the first of these that works\n"
    "  --no-hold           connections are accepted before their server answers, as where the kernel cannot hold packets:\n"
    "                      one that fails then looks like a reset\n"
    "  --end-with-parent   COMMAND gets SIGTERM where the process that ran flowtap-run ends before it\n"
    "  --check             tells in one line of JSON which mode works here, whether new connections wait until their\n"
    "                      process is known (\"holds\"), and what stands in the way\n"
    "  --apparmor-profile  prints the profile that systems with AppArmor may ask for\n"
    "\n"
    "Exit status: COMMAND's; 127 COMMAND not found, 126 COMMAND cannot be run, 125 it cannot be captured.\n";

Options parseOptions(int argc, char** argv) {
  Options options;
  options.modes = modesOf("auto");
  ::opterr = 0;
  for (;;) {
    // "+": the command's options are its own.
    const int choice = ::getopt_long(argc, argv, "+:", kLongOptions, nullptr);
    if (choice == -1) break;
    switch (choice) {
      case kCaptureOption: options.capture = ::optarg; break;
      case kModeOption:
        options.modes = modesOf(::optarg);
        if (options.modes.empty())
          return invalid("no mode \"" + std::string(::optarg) + "\"; there are auto, tproxy, redirect and explicit");
        break;
      case kNoHoldOption: options.holding = Holding::kNever; break;
      case kParentOption: options.endsWithParent = true; break;
      case kCheckOption: options.action = Options::Action::kCheck; break;
      case kApparmorOption: options.action = Options::Action::kApparmorProfile; break;
      case kHelpOption: options.action = Options::Action::kHelp; break;
      case ':': return invalid(std::string(argv[::optind - 1]) + " needs a value");
      default: return invalid("no option " + std::string(argv[::optind - 1]));
    }
  }
  if (options.action == Options::Action::kRun && ::optind >= argc) return invalid("no command is given");
  if (options.capture.empty()) options.capture = uniqueName();
  options.command = argv + ::optind;
  return options;
}

}  // namespace flowtap::linux_
