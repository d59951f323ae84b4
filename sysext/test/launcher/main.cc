// Runs every case as root and as an ordinary user where it can, since the two take different ways into a namespace.
// The same program is also the launcher and the captured client, so that all of it runs under the sanitizers.
#include <grp.h>
#include <unistd.h>

#include <cstring>

#include "native/test/check.h"
#include "sysext/linux/launcher/launch.h"
#include "sysext/test/launcher/client.h"
#include "sysext/test/launcher/program.h"

// A leak check at the exit of each of a thousand small processes takes minutes and finds what the first one found.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace {

using namespace flowtap::test;

constexpr uid_t kOrdinary = 1000;

/// Runs the cases in a child, as root or not, and adds up its counts.
void runAs(uid_t uid, const char* filter, int (&counts)[3]) {
  Program cases({{self(), "--cases", filter}, {}, [uid] {
                   if (::geteuid() == uid) return true;
                   return ::setgroups(0, nullptr) == 0 && ::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0;
                 }, ""});
  const Result result = cases.wait(600);
  std::printf("as uid %u:\n%s%s", uid, result.out.c_str(), result.err.c_str());
  int part[3]{};
  const size_t at = result.out.rfind(" passed, ");
  const size_t line = at == std::string::npos ? 0 : result.out.rfind('\n', at) + 1;
  if (at == std::string::npos ||
      std::sscanf(result.out.c_str() + line, "%d passed, %d failed, %d skipped", &part[0], &part[1], &part[2]) != 3) {
    std::printf("FAILED: the cases ended with status %d\n", result.status);
    part[1] = 1;
  }
  for (int i = 0; i < 3; i++) counts[i] += part[i];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--launcher") return flowtap::linux_::launch(argc - 1, argv + 1);
  if (what == "--client") return runClient(argc - 2, argv + 2);
  if (what == "--cases") return runAll(argc > 2 ? argv[2] : "");
  int counts[3]{};
  runAs(::geteuid(), what.c_str(), counts);
  if (::geteuid() == 0) runAs(kOrdinary, what.c_str(), counts);
  std::printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1], counts[2]);
  return counts[1] != 0;
}
