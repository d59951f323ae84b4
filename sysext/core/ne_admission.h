// Which of the flows that macOS offers are taken. A flow that is passed goes its way without the proxy, unseen; so nobody
// is taken whom nobody asked to see, and none that could not be relayed as it is. Thread-safe: the system asks on threads
// of its own and waits for the answer.
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "sysext/core/flow.h"

namespace flowtap::core {

/// What is known of a flow when the system offers it.
struct NeOffer {
  Protocol protocol = Protocol::kTcp;
  Address remote;                 ///< size 0: the system names a host that it has not resolved
  bool named = false;             ///< ... and it can be resolved: the shell knows its name
  std::optional<uint32_t> uid;    ///< nothing: the system did not say whose it is
  uint32_t pid = 0;
  std::string signingId;
  uint32_t interface = 0;         ///< the flow is bound to it; 0: to none
};

enum class NePass : uint8_t {
  kStopped,      ///< the proxy does not run
  kOwn,          ///< the extension's own
  kNobody,       ///< whose it is, is not known
  kUnresolved,   ///< no address to connect to, and no name that could be resolved
  kLocal,        ///< loopback, multicast, broadcast, or link-local without its interface: works on this machine's own link only
  kUnwatched,    ///< nobody was allowed to watch this user's flows
  kLimit,        ///< too many flows are live
};
constexpr size_t kNePasses = 7;
const char* textOf(NePass pass);

class NeAdmission {
 public:
  struct Options {
    uint32_t ownPid = 0;
    std::string appId;         ///< signing identifier of the container app, whose synthetic flows are answered
    /// About 600 live flows of one provider is where the kernel was seen to fail. At `high` new ones pass, until fewer
    /// than `low` live, so that the proxy does not change its mind with each flow.
    uint32_t high = 512;
    uint32_t low = 448;
  };
  explicit NeAdmission(Options options) : options_(std::move(options)) {}

  /// Counts a live flow as long as it exists.
  class Place {
   public:
    Place() = default;
    explicit Place(NeAdmission& of) : of_(&of) { of.live_++; }
    Place(Place&& from) noexcept : of_(std::exchange(from.of_, nullptr)) {}
    Place& operator=(Place&& from) noexcept {
      std::swap(of_, from.of_);
      return *this;
    }
    ~Place() {
      if (of_) of_->live_--;
    }

   private:
    NeAdmission* of_ = nullptr;
  };

  struct Verdict {
    bool take = false;
    bool synthetic = false;        ///< answered by the proxy itself: no packet leaves
    NePass pass = NePass::kStopped;  ///< where it is not taken
    Place place;
  };
  Verdict consider(const NeOffer& offer);

  void setRunning(bool running) { running_ = running; }
  bool running() const { return running_; }
  /// Whose flows are wanted; `everybody` where root watches.
  void setWatched(std::set<uint32_t> users, bool everybody);

  uint32_t live() const { return live_; }
  bool full() const { return full_; }
  uint64_t passed(NePass why) const { return passed_[static_cast<size_t>(why)]; }

 private:
  std::optional<NePass> objection(const NeOffer& offer);  // with the lock

  const Options options_;
  std::atomic<bool> running_{false};
  std::atomic<bool> full_{false};
  std::atomic<uint32_t> live_{0};
  std::array<std::atomic<uint64_t>, kNePasses> passed_{};
  std::mutex mutex_;  // guards what follows
  std::set<uint32_t> users_;
  bool everybody_ = false;
};

/// Where the container app connects to, to see whether its flow comes through: TEST-NET-1 (RFC 5737) belongs to nobody.
Address neSyntheticAddress(uint16_t port);

}  // namespace flowtap::core
