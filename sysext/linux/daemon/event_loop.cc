#include "sysext/linux/daemon/event_loop.h"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace flowtap::daemon {
namespace {

constexpr int kEventsPerTurn = 256;

/// CLOCK_BOOTTIME: time asleep counts, so a conversation that slept with the machine is idle afterwards.
uint64_t steadyMillis() {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

/// The tag travels in the lowest bit of the handler's address.
epoll_event describe(uint32_t events, EventHandler& handler, unsigned tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = reinterpret_cast<uintptr_t>(&handler) | (tag & 1);
  return event;
}

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), now_(steadyMillis()) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

EventLoop::~EventLoop() { emptyBins(); }

bool EventLoop::watch(int fd, uint32_t events, EventHandler& handler, unsigned tag) {
  epoll_event event = describe(events, handler, tag);
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::change(int fd, uint32_t events, EventHandler& handler, unsigned tag) {
  epoll_event event = describe(events, handler, tag);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::again(EventHandler& handler) {
  if (handler.waitsForTurn_ || handler.retired_) return;
  handler.waitsForTurn_ = true;
  again_.push_back(&handler);
}

void EventLoop::retire(EventHandler& handler) {
  if (handler.retired_) return;
  handler.retired_ = true;
  retired_.push_back(&handler);
}

EventLoop::TimerId EventLoop::after(uint64_t millis, std::function<void()> call) {
  const TimerId id = ++lastTimer_;
  timers_.emplace(std::pair(now_ + millis, id), std::move(call));
  return id;
}

void EventLoop::cancel(TimerId timer) {
  const auto it = std::find_if(timers_.begin(), timers_.end(), [&](const auto& t) { return t.first.second == timer; });
  if (it != timers_.end()) timers_.erase(it);
}

void EventLoop::runTimers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    const auto call = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    call();
  }
}

void EventLoop::turn(uint64_t until) {
  if (!timers_.empty()) until = std::min(until, timers_.begin()->first.first);
  int timeout = 0;
  if (again_.empty() && until > now_) timeout = until - now_ > 3'600'000 ? -1 : static_cast<int>(until - now_);
  epoll_event events[kEventsPerTurn];
  const int count = ::epoll_wait(epoll_.get(), events, kEventsPerTurn, timeout);
  now_ = steadyMillis();
  for (int i = 0; i < count; i++) {
    auto* handler = reinterpret_cast<EventHandler*>(events[i].data.u64 & ~uint64_t{1});
    if (!handler->retired_) handler->onEvents(events[i].events, events[i].data.u64 & 1);
  }
  running_.swap(again_);
  for (EventHandler* handler : running_) {
    handler->waitsForTurn_ = false;
    if (!handler->retired_) handler->onAgain();
  }
  running_.clear();
  runTimers();
  emptyBins();
}

void EventLoop::emptyBins() {
  // Destructors may discard and retire more.
  while (!discarded_.empty() || !retired_.empty()) {
    for (const Discarded& gone : std::exchange(discarded_, {})) gone.destroy(gone.object);
    const auto gone = std::exchange(retired_, {});
    if (gone.empty()) continue;
    again_.erase(std::remove_if(again_.begin(), again_.end(), [](const EventHandler* h) { return h->retired_; }),
                 again_.end());
    for (EventHandler* handler : gone) delete handler;
  }
}

}  // namespace flowtap::daemon
