// What /proc tells of a process, remembered until the process ends or executes another program.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "native/fd.h"
#include "sysext/core/flow.h"

namespace flowtap::linux_ {

/// The parts of /proc/PID/stat that are of use here.
struct ProcessStat {
  std::string name;  ///< of the main thread, cut to 15 bytes by the kernel
  pid_t parent = 0;
  uint64_t startTime = 0;  ///< in clock ticks since boot: with the pid, unique
  /// Changes when another program is executed, as the kernel places its stack at random; 0 when the main thread ended.
  uint64_t argumentsAt = 0;
  uint64_t stackAt = 0;
};
bool parseStat(const std::string& text, ProcessStat& stat);
bool readStat(pid_t pid, ProcessStat& stat);

/// What people call the program: the kernel's name for it, in full length. `comm` is the main thread's name, which some
/// runtimes overwrite ("MainThread"); then it is the executable's name.
std::string programName(const std::string& comm, const std::string& path, const std::vector<std::string>& arguments);

/// The same object for as long as the process does not execute another program. Null: it has ended.
using ProcessInfoPtr = std::shared_ptr<const core::ProcessInfo>;

class ProcessInfos {
 public:
  /// What was looked up is believed until the next call of this.
  void newRound() { round_++; }
  ProcessInfoPtr find(pid_t pid);
  /// The same of its first ancestor that `isOwner` rejects the parent of: of the process itself, where it rejects that.
  ProcessInfoPtr findFirst(pid_t pid, const std::function<bool(pid_t parent)>& isOwner);

 private:
  struct Entry {
    Fd statFile;  // stays open while few processes are known: opening it costs more than reading it
    ProcessStat stat;
    ProcessInfoPtr info;
    uint64_t round = 0;  // in which it was looked up
  };
  /// The process as it is now; null where it has ended.
  Entry* look(pid_t pid);
  static const ProcessInfoPtr& described(pid_t pid, Entry& entry);

  std::unordered_map<pid_t, Entry> entries_;
  uint64_t round_ = 1;
};

}  // namespace flowtap::linux_
