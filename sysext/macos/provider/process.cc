#include "sysext/macos/provider/process.h"

#include <bsm/libbsm.h>
#include <libproc.h>
#include <sys/sysctl.h>

#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include "sysext/macos/runtime/arguments.h"

// Of libSystem, declared by no public header. The system's own tools ask it for what a signature says; it costs
// microseconds, where SecCode reads the program's file. Where it fails, the team stays unknown.
extern "C" int csops_audittoken(pid_t pid, unsigned operation, void* memory, size_t size, audit_token_t* token);

namespace flowtap::macos {
namespace {

constexpr unsigned kTeamId = 14;  // CS_OPS_TEAMID
constexpr size_t kMostAncestors = 32;
constexpr size_t kMostKnown = 256;

std::string pathOf(audit_token_t& token) {
  char path[PROC_PIDPATHINFO_MAXSIZE];
  // By the token and not by the pid, which another process may have taken over since.
  const int length = ::proc_pidpath_audittoken(&token, path, sizeof path);
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

/// The answer: a type and a size of four bytes each, then the text.
std::string teamOf(pid_t pid, audit_token_t& token) {
  char answer[8 + 64] = {};
  if (::csops_audittoken(pid, kTeamId, answer, sizeof answer - 1, &token) != 0) return "";
  return std::string(answer + 8);
}

std::vector<std::string> argumentsOf(pid_t pid) {
  int name[] = {CTL_KERN, KERN_PROCARGS2, static_cast<int>(pid)};
  std::string memory(16u << 10, '\0');  // more than is shown; the kernel cuts
  size_t size = memory.size();
  if (::sysctl(name, 3, memory.data(), &size, nullptr, 0) != 0) return {};
  return argumentsIn({memory.data(), size});
}

std::vector<core::Ancestor> ancestorsOf(pid_t pid) {
  std::vector<core::Ancestor> ancestors;
  while (ancestors.size() < kMostAncestors) {
    proc_bsdshortinfo info{};
    if (::proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info) != sizeof info || info.pbsi_ppid == 0) break;
    pid = static_cast<pid_t>(info.pbsi_ppid);
    char name[2 * MAXCOMLEN + 1] = "";
    ::proc_name(pid, name, sizeof name);
    ancestors.push_back({static_cast<uint32_t>(pid), name});
  }
  return ancestors;
}

core::ProcessInfo describe(pid_t pid, uid_t uid, audit_token_t& token) {
  core::ProcessInfo process;
  process.pid = static_cast<uint32_t>(pid);
  process.uid = static_cast<uint32_t>(uid);
  process.path = pathOf(token);
  process.name = process.path.substr(process.path.rfind('/') + 1);
  process.teamId = teamOf(pid, token);
  process.arguments = argumentsOf(pid);
  process.ancestors = ancestorsOf(pid);
  return process;
}

/// Of a pid and its generation, which changes when the process executes another program.
using Key = std::pair<pid_t, int>;

}  // namespace

std::optional<Owner> ownerOf(const void* token, size_t length) {
  audit_token_t copy;
  if (!token || length != sizeof copy) return std::nullopt;
  std::memcpy(&copy, token, sizeof copy);
  const pid_t pid = ::audit_token_to_pid(copy);
  const uid_t uid = ::audit_token_to_euid(copy);

  // A program that makes a thousand connections is asked about once.
  static std::mutex mutex;
  static std::map<Key, core::ProcessInfo> known;
  static std::deque<Key> oldest;
  const Key key{pid, ::audit_token_to_pidversion(copy)};
  const std::lock_guard<std::mutex> lock(mutex);
  auto found = known.find(key);
  if (found == known.end() || found->second.uid != uid) {
    if (found == known.end()) oldest.push_back(key);
    found = known.insert_or_assign(key, describe(pid, uid, copy)).first;
    if (oldest.size() > kMostKnown) {
      known.erase(oldest.front());
      oldest.pop_front();
    }
  }
  return Owner{static_cast<uint32_t>(pid), static_cast<uint32_t>(uid), found->second};
}

}  // namespace flowtap::macos
