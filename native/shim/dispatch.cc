#include <Block.h>
#include <dispatch/dispatch.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "native/shim/queue.h"
#include "native/shim/shim.h"

namespace {
std::mutex timersMutex;
struct Timer {
  dispatch_queue_t queue;
  dispatch_block_t block;
};
std::vector<Timer> timers;
}  // namespace

// The queue's thread ends it: the last release only asks for that, and work that was queued before still runs.
struct dispatch_queue_s {
  std::atomic<int> references{1};
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> work;
  bool ending = false;
  std::atomic<std::thread::id> thread{};

  dispatch_queue_s() {
    shim::countObject(1);
    std::thread([this] { run(); }).detach();
  }
  void run() {
    thread = std::this_thread::get_id();
    for (;;) {
      std::function<void()> next;
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [this] { return ending || !work.empty(); });
        if (work.empty()) break;
        next = std::move(work.front());
        work.pop_front();
      }
      next();
    }
    delete this;
    shim::countObject(-1);
  }
  void push(std::function<void()> next) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (ending) shim::trap("work for a queue that was released");
    work.push_back(std::move(next));
    wake.notify_one();
  }
};

namespace shim {
void enqueue(dispatch_queue_t queue, std::function<void()> work) {
  dispatch_retain(queue);
  queue->push([queue, work = std::move(work)]() mutable {
    work();
    work = nullptr;  // what it holds goes before the queue may
    dispatch_release(queue);
  });
}
int fireTimers() {
  std::vector<Timer> due;
  {
    const std::lock_guard<std::mutex> lock(timersMutex);
    due.swap(timers);
  }
  for (const Timer& timer : due) {
    // Handed over, not shared: ThreadSanitizer does not see the counting inside the blocks runtime.
    enqueue(timer.queue, [block = timer.block] {
      block();
      Block_release(block);
    });
    dispatch_release(timer.queue);
    countObject(-1);
  }
  return static_cast<int>(due.size());
}
}  // namespace shim

extern "C" {
dispatch_queue_t dispatch_queue_create(const char*, const void*) { return new dispatch_queue_s; }
void dispatch_retain(dispatch_queue_t queue) { queue->references++; }
void dispatch_release(dispatch_queue_t queue) {
  const std::lock_guard<std::mutex> lock(queue->mutex);
  const int left = --queue->references;
  if (left < 0) shim::trap("a queue was released too often");
  if (left == 0) {
    queue->ending = true;
    queue->wake.notify_one();
  }
}
void dispatch_async(dispatch_queue_t queue, dispatch_block_t block) {
  const auto copy = Block_copy(block);
  shim::enqueue(queue, [copy] {
    copy();
    Block_release(copy);
  });
}
void dispatch_sync(dispatch_queue_t queue, dispatch_block_t block) {
  if (queue->thread.load() == std::this_thread::get_id()) shim::trap("dispatch_sync on the queue it runs on");
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
  shim::enqueue(queue, [&] {
    block();
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    wake.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  wake.wait(lock, [&] { return done; });
}
dispatch_time_t dispatch_time(dispatch_time_t when, int64_t nanoseconds) {
  return when + static_cast<dispatch_time_t>(nanoseconds);
}
void dispatch_after(dispatch_time_t, dispatch_queue_t queue, dispatch_block_t block) {
  dispatch_retain(queue);
  shim::countObject(1);
  const std::lock_guard<std::mutex> lock(timersMutex);
  timers.push_back({queue, Block_copy(block)});
}
}
