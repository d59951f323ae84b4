// Test-only stand-in for libdispatch on Linux: the part that native/xpc uses. Serial queues, one thread each; timers run
// when the test says so (native/shim/shim.h), so no test waits for a clock.
#pragma once
#include <stdint.h>

extern "C" {
typedef struct dispatch_queue_s* dispatch_queue_t;
typedef void (^dispatch_block_t)(void);
typedef uint64_t dispatch_time_t;
#define DISPATCH_TIME_NOW (0ull)
#define NSEC_PER_SEC 1000000000ull

dispatch_queue_t dispatch_queue_create(const char* label, const void* attributes);
void dispatch_retain(dispatch_queue_t queue);
void dispatch_release(dispatch_queue_t queue);
void dispatch_async(dispatch_queue_t queue, dispatch_block_t block);
void dispatch_sync(dispatch_queue_t queue, dispatch_block_t block);
dispatch_time_t dispatch_time(dispatch_time_t when, int64_t nanoseconds);
void dispatch_after(dispatch_time_t when, dispatch_queue_t queue, dispatch_block_t block);
}
