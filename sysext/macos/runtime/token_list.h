// The tokens that users granted, each for the flows of its user only. Kept in a file of the extension's own container,
// which only root can read. Thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "native/rendezvous.h"

namespace flowtap::macos {

class TokenList {
 public:
  /// Of one user, and of all: a program that asks again and again must not fill the list.
  static constexpr size_t kMostOfUser = 16;
  static constexpr size_t kMostUsers = 256;

  explicit TokenList(std::string file) : file_(std::move(file)) {}
  /// Reads the file. Returns what was wrong with it, "" where nothing was; what can be read, counts.
  std::string load();

  std::vector<std::string> of(uid_t uid) const;
  std::set<uint32_t> users() const;
  /// "" where it is done and kept, or why not. What could not be granted does not count; what was revoked does not count
  /// any more.
  std::string change(uid_t uid, const TokenChange& change);

 private:
  using Tokens = std::map<uid_t, std::vector<std::string>>;
  std::string save(const Tokens& tokens) const;

  const std::string file_;
  mutable std::mutex mutex_;  // guards what follows
  Tokens tokens_;
};

}  // namespace flowtap::macos
