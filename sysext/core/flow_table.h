// The live flows in the order of their ids. An intrusive list: opening and closing cost no allocation, and a snapshot
// that is sent in pieces can stop at any flow.
#pragma once
#include "sysext/core/flow.h"

namespace flowtap::core {

class FlowTable {
 public:
  uint32_t size() const { return size_; }
  uint64_t total() const { return lastId_; }
  FlowId lastId() const { return lastId_; }
  Flow* first() const { return first_; }
  static Flow* next(const Flow& flow) { return flow.next_; }

  void add(Flow& flow) {
    flow.id = ++lastId_;
    flow.live_ = true;
    flow.previous_ = last_;
    (last_ ? last_->next_ : first_) = &flow;
    last_ = &flow;
    size_++;
  }
  void remove(Flow& flow) {
    (flow.previous_ ? flow.previous_->next_ : first_) = flow.next_;
    (flow.next_ ? flow.next_->previous_ : last_) = flow.previous_;
    flow.previous_ = flow.next_ = nullptr;
    flow.live_ = false;
    size_--;
  }
  /// An id for a flow that is not in the table (Probe).
  FlowId takeId() { return ++lastId_; }

 private:
  Flow* first_ = nullptr;
  Flow* last_ = nullptr;
  uint32_t size_ = 0;
  FlowId lastId_ = 0;
};

}  // namespace flowtap::core
