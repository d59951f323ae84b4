// flowtapd: the proxy of one user.
#include <cstdio>
#include <cstdlib>

#include "sysext/core/version.h"
#include "sysext/linux/daemon/background.h"

int main(int argc, char** argv) {
  using namespace flowtap::daemon;
  const Options options = parseOptions(argc, argv, [](const char* name) { return std::getenv(name); });
  switch (options.action) {
    case Options::Action::kStart: return startInBackground(options);
    case Options::Action::kEnsure: return ensureInBackground(options);
    case Options::Action::kForeground: return runInForeground(options);
    case Options::Action::kHelp: std::fputs(kUsage, stdout); return 0;
    case Options::Action::kVersion: std::printf("flowtapd %s\n", flowtap::core::kBuild); return 0;
    case Options::Action::kInvalid: break;
  }
  std::fprintf(stderr, "flowtapd: %s\n%s", options.problem.c_str(), kUsage);
  return 2;
}
