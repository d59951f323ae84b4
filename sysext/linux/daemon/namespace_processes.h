// The processes of one network namespace. Linux has no list of them, so all of /proc is looked at, once; afterwards only
// the pids that were handed out since.
#pragma once
#include <dirent.h>
#include <sys/types.h>

#include <chrono>
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
  };

  /// Of the namespace that `process` is in now.
  explicit NamespaceProcesses(pid_t process);

  /// Brings the list up to date. A process that moved into the namespace is found by rescan() only.
  void refresh();
  /// Looks at every process.
  void rescan();
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

  const std::string namespace_;
  std::unique_ptr<DIR, int (*)(DIR*)> search_{nullptr, ::closedir};  // of inhabited(), where it goes on
  const Fd loadavg_;
  long seen_ = -1;  // lastPid() of the last look
  Clock::time_point looked_{};
  std::vector<Member> members_;
};

}  // namespace flowtap::linux_
