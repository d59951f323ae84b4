// bench-spawn: how long commands take, run in turn.
//   bench-spawn ROUNDS --- COMMAND… [--- COMMAND…]…       prints the milliseconds of each run as JSON: one list a command
#include <spawn.h>
#include <sys/wait.h>

#include <vector>

#include "bench/proxy/native/net.h"

extern char** environ;

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const int rounds = std::atoi(argv[1]);
  std::vector<std::vector<char*>> commands;
  for (int i = 2; i < argc; i++) {
    if (std::strcmp(argv[i], "---") == 0) commands.emplace_back();
    else commands.back().push_back(argv[i]);
  }
  for (auto& command : commands) command.push_back(nullptr);
  std::vector<std::vector<double>> times(commands.size());
  for (int round = 0; round < rounds; round++)
    for (size_t i = 0; i < commands.size(); i++) {
      const double began = flowtap::bench::now();
      pid_t pid = 0;
      int status = 0;
      if (::posix_spawnp(&pid, commands[i][0], nullptr, nullptr, commands[i].data(), environ) != 0)
        flowtap::bench::die(commands[i][0]);
      ::waitpid(pid, &status, 0);
      if (status != 0) {
        std::fprintf(stderr, "%s ended with %d\n", commands[i][0], status);
        return 1;
      }
      times[i].push_back((flowtap::bench::now() - began) * 1e3);
    }
  std::printf("[");
  for (size_t i = 0; i < times.size(); i++) {
    std::printf("%s[", i ? "," : "");
    for (size_t k = 0; k < times[i].size(); k++) std::printf("%s%.4f", k ? "," : "", times[i][k]);
    std::printf("]");
  }
  std::printf("]\n");
}
