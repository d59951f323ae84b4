#include "sysext/linux/daemon/event_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <functional>

#include "native/test/check.h"

namespace {

using namespace flowtap;
using namespace flowtap::daemon;

/// One end of a pipe that always has something to read.
struct Ready final : EventHandler {
  explicit Ready(EventLoop& to, int* count) : loop(to), destroyed(count) {
    int ends[2];
    CHECK(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reading.reset(ends[0]);
    writing.reset(ends[1]);
    CHECK(::write(writing.get(), "x", 1) == 1);
    CHECK(loop.watch(reading.get(), EPOLLIN, *this, 1));
  }
  ~Ready() override { ++*destroyed; }
  void onEvents(uint32_t, unsigned tag) override {
    CHECK_EQ(tag, 1u);
    events++;
    if (then) then();
  }
  void onAgain() override { agains++; }

  EventLoop& loop;
  int* destroyed;
  Fd reading, writing;
  int events = 0, agains = 0;
  std::function<void()> then;
};

TEST("a handler that another one retires in the same turn gets no event") {
  EventLoop loop;
  int destroyed = 0;
  auto* a = new Ready(loop, &destroyed);
  auto* b = new Ready(loop, &destroyed);
  int events = 0;
  const auto retireBoth = [&] {
    events++;
    loop.retire(*a);
    loop.retire(*b);
    loop.retire(*b);
    CHECK_EQ(destroyed, 0);  // not while their events are in the air
  };
  a->then = b->then = retireBoth;
  loop.turn(UINT64_MAX);
  CHECK_EQ(events, 1);
  CHECK_EQ(destroyed, 2);
}

TEST("who asks for another turn gets it without sleeping, once") {
  EventLoop loop;
  int destroyed = 0;
  auto* a = new Ready(loop, &destroyed);
  loop.change(a->reading.get(), 0, *a, 1);
  loop.again(*a);
  loop.again(*a);
  loop.turn(UINT64_MAX);  // would sleep for ever
  CHECK_EQ(a->agains, 1);
  loop.turn(0);
  CHECK_EQ(a->agains, 1);
  CHECK_EQ(a->events, 0);
  loop.again(*a);
  loop.retire(*a);
  loop.turn(0);
  CHECK_EQ(destroyed, 1);
}

TEST("timers run when they are due, in order, and not when cancelled") {
  EventLoop loop;
  std::string order;
  loop.after(2, [&] { order += 'b'; });
  const auto cancelled = loop.after(1, [&] { order += 'x'; });
  loop.after(0, [&] {
    order += 'a';
    loop.after(0, [&] { order += 'c'; });
  });
  loop.cancel(cancelled);
  loop.cancel(12345);
  while (order.size() < 3) loop.turn(UINT64_MAX);  // sleeps no longer than to the next timer
  loop.turn(0);
  CHECK(order == "acb" || order == "abc");
}

TEST("objects that end inside a call of their own are deleted after the turn") {
  struct Thing {
    int* count;
    ~Thing() { ++*count; }
  };
  int destroyed = 0;
  {
    EventLoop loop;
    loop.discard(new Thing{&destroyed});
    CHECK_EQ(destroyed, 0);
    loop.turn(0);
    CHECK_EQ(destroyed, 1);
    loop.discard(new Thing{&destroyed});
  }
  CHECK_EQ(destroyed, 2);
}

}  // namespace
