// One encoded record per process, shared by its flows, so that a thousand connections of one program cost one encoding.
#pragma once
#include <unordered_map>

#include "sysext/core/flow.h"

namespace flowtap::core {

class ProcessTable {
 public:
  /// Cuts over-long parts. A process that executes another program under the same pid gets a new record.
  ProcessPtr intern(ProcessInfo info);
  size_t size() const { return byPid_.size(); }

 private:
  std::unordered_map<uint32_t, std::weak_ptr<const Process>> byPid_;
  size_t purgeAt_ = 256;
};

}  // namespace flowtap::core
