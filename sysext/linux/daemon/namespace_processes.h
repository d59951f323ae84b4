// The processes of one network namespace. Linux has no list of them, so all of /proc is looked at, once; afterwards only
// the pids that were handed out since.
#pragma once
#include <dirent.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/fd.h"

namespace flowtap::linux_ {

class NamespaceProcesses {
 public:
  struct Member {
    pid_t pid = 0;
    unsigned descriptors = 0;  ///< at the last look, for whoever searches them
    int lastHit = -1;          ///< the descriptor that was last asked for

    /// It has one thread, which slept at the last watch() and has not been on a processor for a while before.
    bool sleeps = false;
    /// While it has slept, all its descriptors were looked at; for whoever searches them.
    bool searched = false;

    struct Runs {
      uint64_t nanos = 0, times = 0;  ///< on a processor
      bool operator==(const Runs& o) const { return nanos == o.nanos && times == o.times; }
    };
    Fd schedule;  // /proc/PID/schedstat
    Runs runs;
    std::chrono::steady_clock::time_point runsSince{};  // when it was first seen with these runs
  };

  /// Of the namespace that `process` is in now.
  explicit NamespaceProcesses(pid_t process);

  /// Brings the list up to date. A process that moved into the namespace is found by rescan() only.
  void refresh();
  /// Looks at every process.
  void rescan();
  /// Finds out which members sleep, where there are few. The one at the front is left out: it is what runs.
  void watch();
  /// Whether there is any, looked up in small steps, so that other work is not kept waiting where the machine has
  /// thousands of processes. Nothing: ask again.
  std::optional<bool> inhabited();
  /// Forgets members that have ended.
  void prune();

  /// The pid handed out last, on the whole machine, or -1.
  long lastPid() const;

  /// Most recently used first.
  std::vector<Member>& members() { return members_; }
  void moveToFront(size_t index);

 private:
  using Clock = std::chrono::steady_clock;
  static std::string namespaceOf(pid_t pid);
  bool add(pid_t pid);
  static bool readRuns(Member& member, Member::Runs& runs);

  const std::string namespace_;
  std::unique_ptr<DIR, int (*)(DIR*)> search_{nullptr, ::closedir};  // of inhabited(), where it goes on
  const Fd loadavg_;
  long seen_ = -1;  // lastPid() of the last look
  Clock::time_point looked_{};
  std::vector<Member> members_;
};

}  // namespace flowtap::linux_
