// A small test runner: TEST("name") { CHECK(...); } and runAll() in main, which prints "N passed, N failed, N skipped".
#pragma once
#include <dirent.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace flowtap::test {

struct Case {
  const char* name;
  void (*run)();
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};
/// Why the running case cannot run here; "" while it can. Failures of the running case.
inline std::string& skipReason() {
  static std::string reason;
  return reason;
}
inline int& failures() {
  static int count = 0;
  return count;
}

inline void check(bool ok, const char* what, const char* file, int line) {
  if (ok) return;
  failures()++;
  std::printf("  %s:%d: %s\n", file, line, what);
}
template <typename A, typename B>
void checkEqual(const A& a, const B& b, const char* what, const char* file, int line) {
  check(a == b, what, file, line);
}
inline void checkContains(const std::string& text, const std::string& part, const char* file, int line) {
  if (text.find(part) == std::string::npos) check(false, ("\"" + text + "\" lacks \"" + part + "\"").c_str(), file, line);
}

#define FLOWTAP_JOIN2(a, b) a##b
#define FLOWTAP_JOIN(a, b) FLOWTAP_JOIN2(a, b)
#define TEST_AT(name, line)                                                                        \
  static void FLOWTAP_JOIN(testCase, line)();                                                      \
  static const flowtap::test::Register FLOWTAP_JOIN(registered, line)(name, FLOWTAP_JOIN(testCase, line)); \
  static void FLOWTAP_JOIN(testCase, line)()
#define TEST(name) TEST_AT(name, __LINE__)
#define CHECK(x) flowtap::test::check(static_cast<bool>(x), #x, __FILE__, __LINE__)
#define CHECK_EQ(a, b) flowtap::test::checkEqual(a, b, #a " == " #b, __FILE__, __LINE__)
#define CHECK_CONTAINS(text, part) flowtap::test::checkContains(text, part, __FILE__, __LINE__)
#define SKIP(reason)                   \
  do {                                 \
    flowtap::test::skipReason() = reason; \
    return;                            \
  } while (0)

/// The open descriptors of this process.
inline int openFds() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return -1;
  while (::readdir(folder)) count++;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder's own
}

/// How long a test waits for what must come, in milliseconds: far more than a passing test needs. A run that is expected
/// to fail (scripts/mutants.mjs) may wait less.
inline int patience() {
  static const char* const set = std::getenv("FLOWTAP_TEST_PATIENCE");
  return set ? std::atoi(set) : 20000;
}

/// Polls until the condition holds; false when patience is at its end.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < patience() / 5; i++) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

/// Runs the cases whose name contains `filter`.
inline int runAll(const char* filter = "") {
  int passed = 0, failed = 0, skipped = 0;
  for (const Case& c : cases()) {
    if (!std::strstr(c.name, filter)) continue;
    failures() = 0;
    skipReason().clear();
    c.run();
    if (!skipReason().empty()) {
      skipped++;
      std::printf("skipped: %s: %s\n", c.name, skipReason().c_str());
    } else if (failures()) {
      failed++;
      std::printf("FAILED: %s\n", c.name);
      if (std::getenv("FLOWTAP_TEST_FAIL_FAST")) break;
    } else {
      passed++;
    }
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed != 0 || passed == 0;
}

}  // namespace flowtap::test
