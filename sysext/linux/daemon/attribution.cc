#include "sysext/linux/daemon/attribution.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace flowtap::linux_ {
namespace {

constexpr size_t kMaxHolders = 65536;
// A process with so many descriptors is searched last, and not at all where it alone is left.
constexpr unsigned kManyDescriptors = 128;
// Descriptors tried of a process before any list is read: the last one (a client that reconnects) and the next ones.
constexpr int kProbes = 3;
constexpr size_t kMaxProbed = 64;
constexpr int kMaxThreads = 512;
constexpr size_t kMaxServed = 64;
// A program could send its sockets out of the namespace, where nobody finds them; that must not keep the daemon busy.
constexpr std::chrono::milliseconds kRescanPause{50};

/// The inode of "socket:[4711]", or 0.
uint32_t inodeOf(int folder, const char* name) {
  char target[64];
  const ssize_t size = ::readlinkat(folder, name, target, sizeof target - 1);
  constexpr char kPrefix[] = "socket:[";
  constexpr size_t kPrefixSize = sizeof kPrefix - 1;
  if (size <= static_cast<ssize_t>(kPrefixSize) || std::memcmp(target, kPrefix, kPrefixSize) != 0) return 0;
  target[size] = '\0';
  return static_cast<uint32_t>(std::strtoul(target + kPrefixSize, nullptr, 10));
}

bool holds(pid_t pid, int descriptor, uint32_t inode) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, descriptor);
  return inodeOf(AT_FDCWD, path) == inode;
}

}  // namespace

void Attribution::look() {
  processes_.refresh();
  processes_.watch();
  infos_.newRound();
  served_.clear();
  expected_.clear();
}

std::optional<SocketIdentity> Attribution::socketOf(wire::Protocol protocol, const sockaddr_storage& client,
                                                    const sockaddr_storage& server) {
  if (protocol == wire::Protocol::kTcp && expected_.size() > 1) {
    if (!expected_.front().answered) sockets_.findAll(expected_);
    for (const SockDiag::Client& known : expected_)
      if (known.answered && std::memcmp(&known.address, &client, sizeof client) == 0 &&
          std::memcmp(&known.server, &server, sizeof server) == 0)
        return known.socket;
  }
  return sockets_.find(protocol, client, server);
}

ProcessInfoPtr Attribution::find(wire::Protocol protocol, const sockaddr_storage& client,
                                 const sockaddr_storage& server) {
  auto& members = processes_.members();
  if (members.size() == 1) return infos_.find(members.front().pid);
  const auto socket = socketOf(protocol, client, server);
  if (!socket || socket->inode == 0) return nullptr;
  const Found found = holderOf(socket->inode);
  if (found.pid == 0) return nullptr;
  if (found.byElimination) {
    // Unless its holder has closed it meanwhile, or ended.
    const auto again = sockets_.find(protocol, client, server);
    if (!again || again->inode != socket->inode) return nullptr;
  }
  return describeOwner(found, socket->inode);
}

ProcessInfoPtr Attribution::findHolder(uint32_t inode) {
  look();
  auto& members = processes_.members();
  if (members.size() == 1) return infos_.find(members.front().pid);
  const Found found = holderOf(inode);
  if (found.pid == 0) return nullptr;
  return describeOwner(found, inode);
}

/// All packets that came at the same time to one server share the answer.
bool Attribution::serves(const sockaddr_storage& client, const sockaddr_storage& server) {
  for (const Served& known : served_)
    if (std::memcmp(&known.server, &server, sizeof server) == 0) return known.served;
  const bool served = sockets_.hasListener(client, server);
  if (served_.size() < kMaxServed) served_.push_back({server, served});
  return served;
}

Attribution::Found Attribution::holderOf(uint32_t inode) {
  // Searched twice: a list of descriptors breaks off where the process's main thread ends meanwhile.
  for (const auto way : {&Attribution::knownHolder, &Attribution::onlyAwake, &Attribution::probe, &Attribution::search,
                         &Attribution::search})
    if (const Found found = (this->*way)(inode); found.pid != 0) return found;
  if (!mayRescan()) return {};
  processes_.rescan();
  if (const Found found = search(inode); found.pid != 0) return found;
  return searchThreads(inode);
}

bool Attribution::mayRescan() {
  const auto now = std::chrono::steady_clock::now();
  if (now - lastRescan_ < kRescanPause) return false;
  lastRescan_ = now;
  return true;
}

/// A child has its parent's descriptors under the same numbers. Where both hold the socket, the parent made it.
ProcessInfoPtr Attribution::describeOwner(const Found& found, uint32_t inode) {
  return infos_.findFirst(found.pid, [&](pid_t parent) {
    return found.descriptor >= 0 && holds(parent, found.descriptor, inode);
  });
}

/// Inodes and pids are used again, so what an earlier search saw is looked at once more.
Attribution::Found Attribution::knownHolder(uint32_t inode) {
  const auto known = holders_.find(inode);
  if (known == holders_.end()) return {};
  const Holder holder = known->second;
  if (holds(holder.pid, holder.descriptor, inode)) return {holder.pid, holder.descriptor};
  holders_.erase(known);
  searchAnew();
  return {};
}

/// Who sleeps since before the last look, and did not have the socket when its descriptors were searched, has neither
/// made it since nor connected it. Where that leaves one process, it is that one: shells, build tools and the like mostly
/// wait for the one that works.
Attribution::Found Attribution::onlyAwake(uint32_t inode) {
  auto& members = processes_.members();
  const size_t nobody = members.size();
  size_t awake = nobody;
  bool searchedNow = false;
  for (size_t i = 0; i < members.size(); i++) {
    Member& member = members[i];
    if (member.sleeps && !member.searched) {
      const Look seen = look(member, inode);
      if (seen == Look::kHeld) return hit(i);
      searchedNow = true;
      member.searched = seen == Look::kNotHeld;
    }
    if (member.searched) continue;
    if (awake != nobody) return {};
    awake = i;
  }
  if (awake == nobody) return {};
  processes_.moveToFront(awake);
  return {members.front().pid, -1, searchedNow};
}

/// Whose descriptors were searched has no sockets but those in holders_; that does not hold any more.
void Attribution::searchAnew() {
  for (Member& member : processes_.members()) member.searched = false;
}

/// The member at `index` has the socket at its lastHit.
Attribution::Found Attribution::hit(size_t index) {
  processes_.moveToFront(index);
  const Member& member = processes_.members().front();
  return {member.pid, member.lastHit};
}

Attribution::Found Attribution::probe(uint32_t inode) {
  auto& members = processes_.members();
  for (size_t i = 0; i < members.size() && i < kMaxProbed; i++) {
    if (members[i].lastHit < 0) continue;
    for (int descriptor = members[i].lastHit, end = descriptor + kProbes; descriptor < end; descriptor++) {
      if (!holds(members[i].pid, descriptor, inode)) continue;
      members[i].lastHit = descriptor;
      return hit(i);
    }
  }
  return {};
}

Attribution::Found Attribution::search(uint32_t inode) {
  auto& members = processes_.members();
  bool allClear = true;
  std::vector<size_t> large;
  const auto held = [&](size_t i) {
    const Look seen = look(members[i], inode);
    allClear = allClear && seen == Look::kNotHeld;
    return seen == Look::kHeld;
  };
  for (size_t i = 0; i < members.size(); i++) {
    if (members[i].descriptors > kManyDescriptors) large.push_back(i);
    else if (held(i)) return hit(i);
  }
  std::sort(large.begin(), large.end(),
            [&members](size_t a, size_t b) { return members[a].descriptors < members[b].descriptors; });
  for (const size_t i : large) {
    // Somebody in the namespace holds the socket, and nobody else does. Reading 10,000 descriptors would take 10 ms.
    if (i == large.back() && allClear) return {members[i].pid, -1, true};
    if (held(i)) return hit(i);
  }
  processes_.prune();
  return {};
}

/// Calls back with the folder of each thread of a process, until that returns true.
template <typename F>
bool Attribution::anyThread(const Member& member, int& left, F&& each) {
  const std::string tasks = "/proc/" + std::to_string(member.pid) + "/task";
  DIR* folder = ::opendir(tasks.c_str());
  if (!folder) return false;
  bool done = false;
  while (const dirent* entry = !done && left > 0 ? ::readdir(folder) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    left--;
    done = each(tasks + "/" + entry->d_name);
  }
  ::closedir(folder);
  return done;
}

/// Threads that have descriptors of their own (unshare(CLONE_FILES)).
Attribution::Found Attribution::searchThreads(uint32_t inode) {
  int left = kMaxThreads;
  for (Member& member : processes_.members()) {
    const auto held = [&](const std::string& thread) { return read(thread + "/fd", member, inode) == Look::kHeld; };
    if (anyThread(member, left, held)) return {member.pid, -1};
  }
  return {};
}

Attribution::Look Attribution::look(Member& member, uint32_t inode) {
  const Look whole = read("/proc/" + std::to_string(member.pid) + "/fd", member, inode);
  if (whole != Look::kUnclear) return whole;
  // Where the main thread has ended, its list is empty; that of any other thread is the process's.
  Look seen = Look::kUnclear;
  int left = kMaxThreads;
  anyThread(member, left, [&](const std::string& thread) {
    seen = read(thread + "/fd", member, inode);
    return seen != Look::kUnclear;
  });
  return seen;
}

/// Reads one list of descriptors and remembers all its sockets: in a burst, the next look-ups find theirs there.
Attribution::Look Attribution::read(const std::string& folder, Member& member, uint32_t inode) {
  DIR* list = ::opendir(folder.c_str());
  if (!list) return Look::kUnclear;
  if (holders_.size() > kMaxHolders) {
    holders_.clear();
    searchAnew();
  }
  bool found = false;
  unsigned descriptors = 0;
  while (const dirent* entry = ::readdir(list)) {
    if (entry->d_name[0] == '.') continue;
    descriptors++;
    const uint32_t seen = inodeOf(::dirfd(list), entry->d_name);
    if (seen == 0) continue;
    const int descriptor = std::atoi(entry->d_name);
    holders_[seen] = {member.pid, descriptor};
    if (seen != inode) continue;
    found = true;
    member.lastHit = descriptor;
  }
  ::closedir(list);
  member.descriptors = descriptors;
  if (found) return Look::kHeld;
  return descriptors > 0 ? Look::kNotHeld : Look::kUnclear;
}

}  // namespace flowtap::linux_
