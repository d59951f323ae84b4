#include "sysext/test/launcher/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cstdlib>

namespace flowtap::test {

std::string self() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return std::string(path, size > 0 ? static_cast<size_t>(size) : 0);
}

std::vector<std::string> launcher(std::vector<std::string> options, const std::vector<std::string>& command) {
  options.insert(options.begin(), {self(), "--launcher"});
  if (!command.empty()) options.push_back("--");
  options.insert(options.end(), command.begin(), command.end());
  return options;
}

std::vector<std::string> client(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{self(), "--client"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Program::Program(const Setup& setup) {
  int out[2], err[2], in[2];
  if (::pipe2(out, O_CLOEXEC) || ::pipe2(err, O_CLOEXEC) || ::pipe2(in, O_CLOEXEC)) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    // What this program itself inherited is no business of the tests.
    ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    for (const auto& [name, value] : setup.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (setup.before && !setup.before()) ::_exit(99);
    std::vector<char*> words;
    for (const auto& word : setup.arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    ::_exit(98);
  }
  out_.reset(out[0]);
  err_.reset(err[0]);
  ::close(out[1]);
  ::close(err[1]);
  ::close(in[0]);
  (void)!::write(in[1], setup.input.data(), setup.input.size());
  ::close(in[1]);
}

Program::~Program() {
  if (waited_ || pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::kill(int signal) { ::kill(pid_, signal); }

Result Program::wait(int seconds) {
  Result result;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  pollfd watched[2] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
  int open = 2;
  while (open > 0) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0 || ::poll(watched, 2, 1000) < 0) {
      ::kill(pid_, SIGKILL);
      break;
    }
    for (int i = 0; i < 2; i++) {
      if (!watched[i].revents) continue;
      char bytes[4096];
      const ssize_t got = ::read(watched[i].fd, bytes, sizeof bytes);
      if (got > 0) {
        (i == 0 ? result.out : result.err).append(bytes, static_cast<size_t>(got));
      } else {
        watched[i].fd = -1;
        open--;
      }
    }
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  waited_ = true;
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace flowtap::test
