// Tests of what the macOS programs decide, with fakes of the system.   macos-test [NAME]
#include <csignal>

#include "native/test/check.h"

int main(int argc, char** argv) {
  // As on macOS, where each socket is told not to raise it.
  std::signal(SIGPIPE, SIG_IGN);
  return flowtap::test::runAll(argc > 1 ? argv[1] : "");
}
