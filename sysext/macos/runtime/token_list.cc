#include "sysext/macos/runtime/token_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "native/fd.h"

namespace flowtap::macos {
namespace {

constexpr size_t kMostFileBytes = 2u << 20;

/// Printable and without spaces: one line of the file each.
bool isToken(const std::string& token) {
  return token.size() >= ListenerOptions::kShortestToken && token.size() <= ListenerOptions::kLongestToken &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string failure(const std::string& what, const std::string& file) {
  return what + " " + file + ": " + std::strerror(errno);
}

/// The folder and those above it, as far as they are absent. What goes wrong shows where the file is made.
void makeFolder(const std::string& folder) {
  const size_t slash = folder.rfind('/');
  if (::mkdir(folder.c_str(), 0700) == 0 || errno != ENOENT || slash == std::string::npos) return;
  makeFolder(folder.substr(0, slash));
  (void)::mkdir(folder.c_str(), 0700);
}

bool readAll(int fd, std::string& into) {
  char data[4096];
  ssize_t n;
  while ((n = ::read(fd, data, sizeof data)) > 0 && into.size() < kMostFileBytes) into.append(data, static_cast<size_t>(n));
  return n == 0;
}

}  // namespace

std::string TokenList::load() {
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_.clear();
  const Fd file(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return errno == ENOENT ? "" : failure("cannot read the granted tokens in", file_);
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != ::geteuid() || (about.st_mode & 077))
    return "the granted tokens in " + file_ + " are ignored: others than its owner may read or write them";
  std::string text;
  if (!readAll(file.get(), text)) return failure("cannot read the granted tokens in", file_);
  std::istringstream lines(text);
  bool damaged = false;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    unsigned long uid = 0;
    std::string token, rest;
    const bool whole = words >> uid >> token && !(words >> rest) && uid < UINT32_MAX && isToken(token);
    auto& of = tokens_[static_cast<uid_t>(uid)];
    if (whole && of.size() < kMostOfUser) of.push_back(token);
    else damaged = true;
    if (of.empty()) tokens_.erase(static_cast<uid_t>(uid));
  }
  return damaged ? "some of the granted tokens in " + file_ + " cannot be read; grant them again" : "";
}

std::vector<std::string> TokenList::of(uid_t uid) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = tokens_.find(uid);
  return found == tokens_.end() ? std::vector<std::string>() : found->second;
}

std::set<uint32_t> TokenList::users() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::set<uint32_t> users;
  for (const auto& [uid, tokens] : tokens_) users.insert(static_cast<uint32_t>(uid));
  return users;
}

std::string TokenList::change(uid_t uid, const TokenChange& change) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Tokens next = tokens_;
  auto& of = next[uid];
  if (change.grant) {
    if (!isToken(change.token)) return "that is no token";
    if (std::find(of.begin(), of.end(), change.token) == of.end()) of.push_back(change.token);
    if (of.size() > kMostOfUser)
      return "this user has granted " + std::to_string(kMostOfUser) + " tokens already; revoke them first";
    if (next.size() > kMostUsers) return "too many users have granted tokens";
  } else if (change.token.empty()) {
    of.clear();
  } else {
    of.erase(std::remove(of.begin(), of.end(), change.token), of.end());
  }
  if (of.empty()) next.erase(uid);
  if (next == tokens_) return "";
  const std::string problem = save(next);
  // What is granted has to be kept to count; what is revoked counts at once in any case.
  if (!problem.empty() && change.grant) return problem;
  tokens_ = std::move(next);
  return problem.empty() ? "" : problem + "; it is revoked until the extension starts anew";
}

std::string TokenList::save(const Tokens& tokens) const {
  std::string text;
  for (const auto& [uid, of] : tokens)
    for (const std::string& token : of) text += std::to_string(uid) + " " + token + "\n";
  makeFolder(file_.substr(0, file_.rfind('/')));
  const std::string fresh = file_ + ".new";
  (void)::unlink(fresh.c_str());
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0 || ::rename(fresh.c_str(), file_.c_str()) != 0)
    return failure("cannot keep the granted tokens in", file_);
  return "";
}

}  // namespace flowtap::macos
