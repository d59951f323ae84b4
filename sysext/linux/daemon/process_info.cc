#include "sysext/linux/daemon/process_info.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

#include "native/fd.h"

namespace flowtap::linux_ {
namespace {

constexpr size_t kMaxEntries = 1024;
constexpr size_t kMaxOpen = 16;  // of a capture, which may be one of 256
constexpr size_t kStatBytes = 2048;
constexpr size_t kMaxCommandLine = 16 * 1024;
constexpr size_t kMaxAncestors = 32;
constexpr size_t kCommLength = 15;  // TASK_COMM_LEN without its end

/// At most `limit` bytes of a file of /proc/PID; empty where the process has ended.
std::string slurp(pid_t pid, const char* name, size_t limit) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::string text(file ? limit : 0, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

std::string executable(pid_t pid) {
  char link[64], target[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/%d/exe", pid);
  const ssize_t size = ::readlink(link, target, sizeof target);
  std::string path(target, size > 0 ? static_cast<size_t>(size) : 0);
  // The kernel's word for a file that was replaced while it runs, e.g. by an update.
  const std::string deleted = " (deleted)";
  if (path.size() > deleted.size() && path.compare(path.size() - deleted.size(), deleted.size(), deleted) == 0)
    path.resize(path.size() - deleted.size());
  return path;
}

std::vector<std::string> arguments(pid_t pid) {
  const std::string line = slurp(pid, "cmdline", kMaxCommandLine);
  std::vector<std::string> words;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find('\0', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// The effective uid. The owner of /proc/PID does not tell it: root owns those of processes that refuse to be dumped.
uint32_t userOf(pid_t pid) {
  const std::string status = slurp(pid, "status", 4096);
  const size_t at = status.find("\nUid:");
  unsigned real = 0, effective = 0;
  if (at == std::string::npos || std::sscanf(status.c_str() + at, "\nUid: %u %u", &real, &effective) != 2) return 0;
  return effective;
}

std::string baseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// As `programName`; the command line is read only where the name is not the executable's own.
std::string nameOf(pid_t pid, const std::string& comm) {
  const std::string path = executable(pid);
  const bool own = baseName(path).substr(0, kCommLength) == comm;
  return programName(comm, path, own ? std::vector<std::string>{} : arguments(pid));
}

std::vector<core::Ancestor> ancestors(pid_t parent) {
  std::vector<core::Ancestor> chain;
  ProcessStat stat;
  while (parent > 0 && chain.size() < kMaxAncestors && readStat(parent, stat)) {
    chain.push_back({static_cast<uint32_t>(parent), nameOf(parent, stat.name)});
    parent = stat.parent;
  }
  return chain;
}

core::ProcessInfo describe(pid_t pid, const ProcessStat& stat) {
  core::ProcessInfo info;
  info.pid = static_cast<uint32_t>(pid);
  info.path = executable(pid);
  info.arguments = arguments(pid);
  info.name = programName(stat.name, info.path, info.arguments);
  info.uid = userOf(pid);
  info.ancestors = ancestors(stat.parent);
  return info;
}

}  // namespace

bool parseStat(const std::string& text, ProcessStat& stat) {
  // proc_pid_stat(5). The name may hold spaces and brackets itself.
  const size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return false;
  stat = {};
  stat.name = text.substr(open + 1, close - open - 1);
  const char* at = text.c_str() + close + 1;
  while (*at == ' ') at++;
  if (*at) at++;  // field 3, the state: a letter
  for (int field = 4; field <= 48; field++) {
    char* end = nullptr;
    const auto value = std::strtoull(at, &end, 10);
    if (end == at) return field > 22;  // older kernels have fewer fields
    at = end;
    if (field == 4) stat.parent = static_cast<pid_t>(value);
    if (field == 22) stat.startTime = value;
    if (field == 28) stat.stackAt = value;
    if (field == 48) stat.argumentsAt = value;
  }
  return true;
}

bool readStat(pid_t pid, ProcessStat& stat) { return parseStat(slurp(pid, "stat", kStatBytes), stat); }

std::string programName(const std::string& comm, const std::string& path, const std::vector<std::string>& arguments) {
  // At exec the kernel takes the name of the executed file: the executable, a link to it, or a script (whose interpreter
  // has it as an argument).
  std::vector<std::string> candidates{baseName(path)};
  for (size_t i = 0; i < arguments.size() && i < 3; i++) candidates.push_back(baseName(arguments[i]));
  for (const auto& name : candidates)
    if (!name.empty() && name.substr(0, kCommLength) == comm) return name;
  return candidates[0].empty() ? comm : candidates[0];
}

ProcessInfos::Entry* ProcessInfos::look(pid_t pid) {
  auto known = entries_.find(pid);
  if (known != entries_.end() && known->second.round == round_) return &known->second;
  std::string text(kStatBytes, '\0');
  ssize_t size = -1;
  // An open file of /proc belongs to the process, not to its number: when it has ended, reading fails.
  if (known != entries_.end() && known->second.statFile)
    size = ::pread(known->second.statFile.get(), text.data(), text.size(), 0);
  ProcessStat stat;
  Fd opened;
  if (size <= 0) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
    opened.reset(::open(path, O_RDONLY | O_CLOEXEC));
    size = opened ? ::pread(opened.get(), text.data(), text.size(), 0) : -1;
  }
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  if (!parseStat(text, stat)) {
    entries_.erase(pid);
    return nullptr;
  }
  if (known == entries_.end()) {
    if (entries_.size() >= kMaxEntries) entries_.clear();
    known = entries_.try_emplace(pid).first;
  }
  Entry& entry = known->second;
  if (opened) entry.statFile = entries_.size() <= kMaxOpen ? std::move(opened) : Fd();
  const ProcessStat& before = entry.stat;
  const bool sameProgram = before.argumentsAt == stat.argumentsAt && before.stackAt == stat.stackAt;
  const bool mainThreadEnded = stat.argumentsAt == 0 && stat.stackAt == 0;
  if (before.startTime != stat.startTime || !(sameProgram || mainThreadEnded)) entry.info.reset();
  if (!entry.info || !mainThreadEnded) entry.stat = stat;
  entry.stat.parent = stat.parent;
  entry.round = round_;
  return &entry;
}

const ProcessInfoPtr& ProcessInfos::described(pid_t pid, Entry& entry) {
  if (!entry.info) entry.info = std::make_shared<core::ProcessInfo>(describe(pid, entry.stat));
  return entry.info;
}

ProcessInfoPtr ProcessInfos::find(pid_t pid) {
  Entry* entry = look(pid);
  return entry ? described(pid, *entry) : nullptr;
}

ProcessInfoPtr ProcessInfos::findFirst(pid_t pid, const std::function<bool(pid_t parent)>& isOwner) {
  Entry* entry = look(pid);
  while (entry && entry->stat.parent > 1 && isOwner(entry->stat.parent)) {
    pid = entry->stat.parent;
    entry = look(pid);
  }
  return entry ? described(pid, *entry) : nullptr;
}

}  // namespace flowtap::linux_
