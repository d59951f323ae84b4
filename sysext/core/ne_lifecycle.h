// The order of start and stop. macOS was seen to deliver startProxy twice to one process, and stop may come while the
// network settings of a start are still being applied. Thread-safe; answers are given on the caller's thread.
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace flowtap::core {

class NeLifecycle {
 public:
  /// "" where the proxy runs, or why it does not.
  using Started = std::function<void(const std::string& error)>;

  /// The attempt for which the caller is to apply the settings, and then to say settled(). Nothing where the proxy runs
  /// already, or where that is under way: `started` was or will be answered all the same.
  std::optional<uint64_t> start(Started started);
  /// Whether this attempt makes the proxy run. An attempt that was stopped in the meantime does not.
  bool settled(uint64_t attempt, const std::string& error);
  /// Ends a start that is under way. Idempotent.
  void stop();
  bool running();

 private:
  enum class State { kStopped, kStarting, kRunning };
  std::mutex mutex_;  // guards what follows
  State state_ = State::kStopped;
  uint64_t attempt_ = 0;
  std::vector<Started> waiting_;
};

}  // namespace flowtap::core
