// Tests of what the macOS programs decide, with fakes of the system.   macos-test [NAME]
#include <csignal>

#include "native/test/check.h"
#include "sysext/test/macos/network.h"

int main(int argc, char** argv) {
  // As on macOS, where each socket is told not to raise it.
  std::signal(SIGPIPE, SIG_IGN);
  flowtap::macos::test::makeNetwork();
  return flowtap::test::runAll(argc > 1 ? argv[1] : "");
}
