// What is being captured, and how: for people who want to know what they do not see.
#pragma once
#include <list>
#include <string>
#include <vector>

#include "sysext/core/flow.h"

namespace flowtap::core {

class CaptureList {
 public:
  /// A capture begins. Text in it comes from a launcher: it is cut to size and made valid UTF-8.
  void add(wire::CaptureStatus capture);
  void remove(const std::string& name);
  size_t size() const { return captures_.size(); }
  /// The latest capture tells what the next one can expect: its mode and blind spots take the place of the defaults.
  void describe(wire::ProxyStatus& status) const;

 private:
  std::list<wire::CaptureStatus> captures_;  // the latest first
};

}  // namespace flowtap::core
