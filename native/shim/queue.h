#pragma once
#include <dispatch/dispatch.h>

#include <functional>

namespace shim {
/// dispatch_async for a C++ callable. Keeps the queue until it has run.
void enqueue(dispatch_queue_t queue, std::function<void()> work);
}  // namespace shim
