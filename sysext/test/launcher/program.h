// A child process whose output is kept.
#pragma once
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "native/fd.h"

namespace flowtap::test {

struct Result {
  int status = -1;  ///< the exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

class Program {
 public:
  struct Setup {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  ///< on top of this process's
    std::function<bool()> before;                     ///< runs in the child before exec; false ends it with status 99
    std::string input;
  };
  explicit Program(const Setup& setup);
  /// Ends it where it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  /// Reads its output to the end and waits for it. A program that takes longer is killed.
  Result wait(int seconds = 30);
  void kill(int signal);

 private:
  pid_t pid_ = -1;
  bool waited_ = false;
  Fd out_, err_;
};

/// The path of this test program.
std::string self();

/// The arguments that run a command under the launcher that is linked into this program, and under a client of it.
std::vector<std::string> launcher(std::vector<std::string> options, const std::vector<std::string>& command);
std::vector<std::string> client(const std::vector<std::string>& arguments);

}  // namespace flowtap::test
