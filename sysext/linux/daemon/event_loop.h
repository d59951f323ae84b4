// epoll, timers and the rules for ending objects while their events are still in the air. One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "native/fd.h"

namespace flowtap::daemon {

/// Something with descriptors in the loop. It lives on the heap and ends through EventLoop::retire().
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  /// `events` as from epoll; `tag` as given to watch().
  virtual void onEvents(uint32_t events, unsigned tag) = 0;
  /// See EventLoop::again().
  virtual void onAgain() {}

 private:
  friend class EventLoop;
  bool retired_ = false;
  bool waitsForTurn_ = false;
};

class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// False, with errno set, where the kernel refuses. `tag` is 0 or 1.
  bool watch(int fd, uint32_t events, EventHandler& handler, unsigned tag = 0);
  /// Other events for a watched descriptor; 0 pauses it.
  void change(int fd, uint32_t events, EventHandler& handler, unsigned tag = 0);
  /// Needed before close() only where another process can hold the same open file (SCM_RIGHTS): the kernel forgets a
  /// descriptor by itself when its last copy is closed.
  void unwatch(int fd);

  /// Calls handler.onAgain() in the next turn, which then does not sleep.
  void again(EventHandler& handler);
  /// Deletes the handler at the end of the turn. It gets no event from now on.
  void retire(EventHandler& handler);

  /// Deletes any other object at the end of the turn, for objects that end inside a call of their own.
  template <typename T>
  void discard(T* object) {
    discarded_.push_back({object, [](void* gone) { delete static_cast<T*>(gone); }});
  }

  /// Deletes what was retired and discarded. Each turn does so; otherwise only for an owner's destructor, whose members
  /// those objects still use.
  void emptyBins();

  using TimerId = uint64_t;
  TimerId after(uint64_t millis, std::function<void()> call);
  void cancel(TimerId timer);

  /// Steady milliseconds, read once per turn.
  uint64_t now() const { return now_; }
  /// Waits at most until steady `until` (UINT64_MAX: for ever), handles what is ready and runs due timers.
  void turn(uint64_t until);

 private:
  void runTimers();

  Fd epoll_;
  uint64_t now_;
  std::vector<EventHandler*> again_, running_, retired_;
  struct Discarded {
    void* object;
    void (*destroy)(void*);
  };
  std::vector<Discarded> discarded_;
  std::map<std::pair<uint64_t, TimerId>, std::function<void()>> timers_;  // by due time
  TimerId lastTimer_ = 0;
};

}  // namespace flowtap::daemon
