#include "sysext/core/capture_list.h"

#include <algorithm>

#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

// Together far below a frame's limit.
constexpr size_t kMaxListed = 100;
constexpr size_t kTextBytes = 1024;
constexpr size_t kCommandBytes = 256;

}  // namespace

void CaptureList::add(wire::CaptureStatus capture) {
  capture.name = toUtf8(capture.name, kTextBytes);
  capture.fallback = toUtf8(capture.fallback, kTextBytes);
  std::vector<std::string> command;
  size_t left = kCommandBytes;
  for (const std::string& word : capture.command) {
    if (left == 0) break;
    command.push_back(toUtf8(word, left));
    left -= std::min(left, command.back().size() + 1);
  }
  capture.command = std::move(command);
  captures_.push_front(std::move(capture));
}

void CaptureList::remove(const std::string& name) {
  captures_.remove_if([&](const wire::CaptureStatus& capture) { return capture.name == name; });
}

void CaptureList::describe(wire::ProxyStatus& status) const {
  for (const auto& capture : captures_) {
    if (status.openCaptures.size() == kMaxListed) break;
    status.openCaptures.push_back(capture);
  }
  if (captures_.empty()) return;
  status.mode = captures_.front().mode;
  status.blindSpots = captures_.front().blindSpots;
}

}  // namespace flowtap::core
