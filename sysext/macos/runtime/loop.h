// The proxy's thread: waits for sockets and for work that was posted. poll() and no kqueue, so that it is the same on
// Linux under test; macOS lets a provider have about 600 flows.
#pragma once
#include <poll.h>
#include <pthread.h>

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "native/wake.h"
#include "sysext/core/clock.h"
#include "sysext/core/ne_port.h"

namespace flowtap::macos {

/// Something with a descriptor. Used on the loop's thread only.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual int fd() const = 0;
  /// As for poll(); with 0 it is left out, errors included.
  virtual short events() const = 0;
  virtual void onEvents(short events) = 0;
};

class Loop final : public core::NeTurns {
 public:
  /// What each turn does beside events and posted work.
  class Turn {
   public:
    virtual ~Turn() = default;
    /// After the events and the work: returns the steady milliseconds at which the next turn is due at the latest, or
    /// nothing to end the loop.
    virtual std::optional<uint64_t> afterTurn() = 0;
  };

  /// Runs what it is given, with whatever the platform needs around it.
  using Around = std::function<void(const std::function<void()>& turn)>;

  Loop() = default;
  ~Loop() override;
  /// Whatever runs on the thread runs inside `around`, and nothing is inside while the thread waits. False with errno set.
  bool start(Turn& turn, Around around = nullptr);
  /// Waits until afterTurn() has ended the loop. Work that is posted from then on is destroyed without being run.
  void join();

  void post(std::function<void()> work) override;
  void add(Watched& watched) { watched_.insert(&watched); }
  /// Also from inside onEvents(), also of another one.
  void remove(Watched& watched) { watched_.erase(&watched); }

 private:
  static void* main(void* self);
  void run();
  std::optional<uint64_t> turn();
  /// What became ready, until then at the latest.
  struct Ready {
    std::vector<pollfd> polled;
    std::vector<Watched*> order;
  };
  Ready wait(uint64_t until);
  void deliver(const Ready& ready);

  Turn* turn_ = nullptr;
  Around around_;
  Wake wake_;
  pthread_t thread_{};
  bool running_ = false;
  std::set<Watched*> watched_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::function<void()>> posted_;
  bool signalled_ = false;
  bool over_ = false;
};

/// Wall time that does not step while flows live: read once, and again only where no flow would notice.
class SystemClock final : public core::Clock {
 public:
  SystemClock() { settle(); }
  uint64_t wallMicros() override;
  uint64_t steadyMillis() override;
  void settle() override;

 private:
  uint64_t anchor_ = 0;
};

}  // namespace flowtap::macos
