#include "sysext/core/process_table.h"

#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

// Generous for people, small beside a frame.
constexpr size_t kNameBytes = 256;
constexpr size_t kPathBytes = 4096;
constexpr size_t kArgumentBytes = 8192;  // all arguments together
constexpr size_t kAncestors = 32;

void cut(ProcessInfo& info) {
  info.name = toUtf8(info.name, kNameBytes);
  info.path = toUtf8(info.path, kPathBytes);
  info.signingId = toUtf8(info.signingId, kNameBytes);
  // Where a sandbox keeps the program's path from the proxy, this is the name that is left.
  if (info.name.empty()) info.name = info.signingId;
  info.teamId = toUtf8(info.teamId, kNameBytes);
  size_t left = kArgumentBytes;
  size_t count = 0;
  while (count < info.arguments.size() && left > 0) {
    std::string& argument = info.arguments[count++];
    argument = toUtf8(argument, left);
    left -= argument.size() < left ? argument.size() + 1 : left;
  }
  info.arguments.resize(count);
  if (info.ancestors.size() > kAncestors) info.ancestors.resize(kAncestors);
  for (Ancestor& ancestor : info.ancestors) ancestor.name = toUtf8(ancestor.name, kNameBytes);
}

std::string encoded(const ProcessInfo& info) {
  wire::Process message;
  message.pid = info.pid;
  message.name = info.name;
  message.path = info.path;
  message.arguments = info.arguments;
  message.uid = info.uid;
  for (const Ancestor& a : info.ancestors) {
    wire::Ancestor& part = message.ancestors.emplace_back();
    part.pid = a.pid;
    part.name = a.name;
  }
  message.signingId = info.signingId;
  message.teamId = info.teamId;
  return wire::serialise(message);
}

}  // namespace

ProcessPtr ProcessTable::intern(ProcessInfo info) {
  cut(info);
  std::weak_ptr<const Process>& known = byPid_[info.pid];
  if (ProcessPtr process = known.lock(); process && process->info == info) return process;
  auto made = std::make_shared<Process>();
  made->encoded = encoded(info);
  made->info = std::move(info);
  known = made;
  if (byPid_.size() > purgeAt_) {
    for (auto it = byPid_.begin(); it != byPid_.end();) it = it->second.expired() ? byPid_.erase(it) : std::next(it);
    purgeAt_ = 2 * byPid_.size() + 256;
  }
  return made;
}

}  // namespace flowtap::core
