// Owners of XPC and dispatch references. Plain C++, where neither is an Objective-C object: this folder is never
// compiled as Objective-C++.
#pragma once
#include <dispatch/dispatch.h>
#include <xpc/xpc.h>

#include <utility>

#ifdef __OBJC__
#error "native/xpc counts references by hand: compile it as C++"
#endif

namespace flowtap::xpc {

/// One reference to an XPC object.
template <typename T>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T owned) : object_(owned) {}
  Handle(Handle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Handle() {
    if (object_) xpc_release(object_);
  }
  static Handle retained(T object) {
    xpc_retain(object);
    return Handle(object);
  }
  explicit operator bool() const { return object_ != nullptr; }
  T get() const { return object_; }

 private:
  T object_ = nullptr;
};
using Object = Handle<xpc_object_t>;
using Connection = Handle<xpc_connection_t>;

/// A serial queue.
class Queue {
 public:
  explicit Queue(const char* label) : queue_(dispatch_queue_create(label, nullptr)) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { dispatch_release(queue_); }
  dispatch_queue_t get() const { return queue_; }

 private:
  const dispatch_queue_t queue_;
};

}  // namespace flowtap::xpc
