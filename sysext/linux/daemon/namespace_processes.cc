#include "sysext/linux/daemon/namespace_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace flowtap::linux_ {
namespace {

// More new pids than this, and reading /proc is quicker than trying each.
constexpr long kMaxTries = 256;
// No system makes processes so fast that the pids could come round (32768 at least) within this time.
constexpr std::chrono::seconds kMemory{1};
// Asking after each of more members than this, on every look-up, would cost more than it saves.
constexpr size_t kPruneLimit = 64;
// Members that are watched for sleep, at 1 us and a descriptor each.
constexpr size_t kWatchLimit = 8;
// The time of a thread that is on a processor is brought up to date by the scheduler's tick (1 to 10 ms), or when it leaves.
constexpr std::chrono::milliseconds kManyTicks{50};

/// "net:[4026531840]", or "" with errno set.
std::string linkTarget(const std::string& path) {
  char target[64];
  const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : "";
}

/// Threads have pids as well, and /proc shows them to those who ask by number.
bool isProcess(pid_t pid) {
#ifdef SYS_pidfd_open
  const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (fd) return true;
  // EINVAL or ENOENT: a thread. ESRCH: gone.
  if (errno != ENOSYS && errno != EPERM && errno != EMFILE && errno != ENFILE) return false;
#endif
  return ::access(("/proc/" + std::to_string(pid)).c_str(), F_OK) == 0;
}

/// Processors without a tick (nohz_full) do not bring times up to date.
bool everyProcessorTicks() {
  char text[8];
  const Fd list(::open("/sys/devices/system/cpu/nohz_full", O_RDONLY | O_CLOEXEC));
  const ssize_t size = list ? ::read(list.get(), text, sizeof text) : 0;
  return size <= 0 || text[0] < '0' || text[0] > '9';
}

// Of inhabited(), some 3 us each.
constexpr int kEntriesPerStep = 128;

}  // namespace

NamespaceProcesses::NamespaceProcesses(pid_t process)
    : namespace_(namespaceOf(process)), loadavg_(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC)) {
  members_.emplace_back().pid = process;
}

std::string NamespaceProcesses::namespaceOf(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::string name = linkTarget(folder + "/ns/net");
  if (!name.empty() || errno != ENOENT) return name;
  // The main thread has ended. Others may live on, and are all that the process still has.
  DIR* threads = ::opendir((folder + "/task").c_str());
  if (!threads) return "";
  while (const dirent* entry = name.empty() ? ::readdir(threads) : nullptr)
    if (entry->d_name[0] != '.') name = linkTarget(folder + "/task/" + entry->d_name + "/ns/net");
  ::closedir(threads);
  return name;
}

long NamespaceProcesses::lastPid() const {
  char text[128];
  const ssize_t size = ::pread(loadavg_.get(), text, sizeof text - 1, 0);
  if (size <= 0) return -1;
  text[size] = '\0';
  const char* last = std::strrchr(text, ' ');  // "0.00 0.01 0.05 1/119 4711"
  return last ? std::strtol(last, nullptr, 10) : -1;
}

bool NamespaceProcesses::add(pid_t pid) {
  if (namespace_.empty() || namespaceOf(pid) != namespace_) return false;
  members_.emplace(members_.begin())->pid = pid;
  return true;
}

/// How long and how often the main thread was on a processor (proc.rst of the kernel). False where nobody can tell.
bool NamespaceProcesses::readRuns(Member& member, Member::Runs& runs) {
  char text[128];
  if (!member.schedule) {
    std::snprintf(text, sizeof text, "/proc/%d/schedstat", member.pid);
    member.schedule.reset(::open(text, O_RDONLY | O_CLOEXEC));
  }
  const ssize_t size = member.schedule ? ::pread(member.schedule.get(), text, sizeof text - 1, 0) : -1;
  if (size <= 0) return false;
  text[size] = '\0';
  unsigned long long nanos = 0, waited = 0, times = 0;
  if (std::sscanf(text, "%llu %llu %llu", &nanos, &waited, &times) != 3) return false;
  runs = {nanos, times};
  return times != 0;  // 0 throughout: a kernel that does not count
}

/// A thread that is on a processor now was put there, which is counted, or has been for so long that its time has grown.
/// So one whose figures have stayed the same for many ticks sleeps, and has slept all the while.
void NamespaceProcesses::watch() {
  static const bool ticks = everyProcessorTicks();
  const bool few = ticks && members_.size() > 1 && members_.size() <= kWatchLimit;
  const auto now = Clock::now();
  for (size_t i = 0; i < members_.size(); i++) {
    Member& member = members_[i];
    Member::Runs runs;
    const bool known = few && i > 0 && readRuns(member, runs);
    if (!known || !(runs == member.runs)) {
      if (!few) member.schedule.reset();
      member.sleeps = member.searched = false;
      member.runs = runs;
      member.runsSince = now;
    } else if (!member.sleeps && now - member.runsSince >= kManyTicks) {
      struct stat tasks {};  // links: its own two and one for each thread
      const std::string folder = "/proc/" + std::to_string(member.pid) + "/task";
      member.sleeps = ::stat(folder.c_str(), &tasks) == 0 && tasks.st_nlink == 3;
    }
  }
}

void NamespaceProcesses::prune() {
  const auto gone = [](const Member& member) { return ::kill(member.pid, 0) != 0 && errno == ESRCH; };
  members_.erase(std::remove_if(members_.begin(), members_.end(), gone), members_.end());
}

void NamespaceProcesses::moveToFront(size_t index) {
  std::rotate(members_.begin(), members_.begin() + static_cast<ptrdiff_t>(index),
              members_.begin() + static_cast<ptrdiff_t>(index) + 1);
}

void NamespaceProcesses::refresh() {
  const auto now = Clock::now();
  const long last = lastPid();
  const bool recent = seen_ >= 0 && now - looked_ < kMemory;
  if (!recent || last < seen_ || last - seen_ > kMaxTries) {
    rescan();
    return;
  }
  looked_ = now;
  for (auto pid = static_cast<pid_t>(seen_ + 1); pid <= last; pid++) {
    // A number that is handed out anew: its former owner has ended.
    const auto same = [pid](const Member& member) { return member.pid == pid; };
    members_.erase(std::remove_if(members_.begin(), members_.end(), same), members_.end());
    if (isProcess(pid)) add(pid);
  }
  seen_ = last;
  if (members_.size() > 1 && members_.size() <= kPruneLimit) prune();
}

void NamespaceProcesses::rescan() {
  looked_ = Clock::now();
  seen_ = lastPid();  // before the look: a process that starts meanwhile is tried again, which does no harm
  DIR* folder = ::opendir("/proc");
  if (!folder) return;
  std::vector<Member> known;
  known.swap(members_);
  while (const dirent* entry = ::readdir(folder)) {
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (pid <= 0 || !add(pid)) continue;
    for (Member& member : known)
      if (member.pid == pid) members_.front() = std::move(member);
  }
  ::closedir(folder);
}

std::optional<bool> NamespaceProcesses::inhabited() {
  if (!search_) {
    for (const Member& member : members_)
      if (namespaceOf(member.pid) == namespace_) return true;
    search_.reset(::opendir("/proc"));
    if (!search_) return true;  // for want of a descriptor, say: nobody can tell
  }
  for (int i = 0; i < kEntriesPerStep; i++) {
    const dirent* entry = ::readdir(search_.get());
    const auto pid = entry ? static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)) : 0;
    const bool found = pid > 0 && namespaceOf(pid) == namespace_;
    if (entry && !found) continue;
    search_.reset();
    return found;
  }
  return std::nullopt;
}

}  // namespace flowtap::linux_
