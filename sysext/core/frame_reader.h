// Cuts a client's byte stream into frames. The stream is hostile: memory grows only with bytes that really arrived.
#pragma once
#include <string>
#include <string_view>

#include "sysext/core/limits.h"

namespace flowtap::core {

class FrameReader {
 public:
  enum class Result { kFrame, kMore, kTooLarge, kEmpty };

  void append(const char* data, size_t size) {
    if (taken_ == buffer_.size()) {
      buffer_.clear();
      taken_ = 0;
    } else if (taken_ > kMaxFrameBytes) {
      buffer_.erase(0, taken_);
      taken_ = 0;
    }
    buffer_.append(data, size);
  }

  /// The next whole frame without its header. The view lives until the next append().
  Result next(std::string_view& frame) {
    if (buffer_.size() - taken_ < 4) return Result::kMore;
    const auto* head = reinterpret_cast<const unsigned char*>(buffer_.data()) + taken_;
    const size_t size = head[0] | head[1] << 8 | head[2] << 16 | static_cast<size_t>(head[3]) << 24;
    if (size == 0) return Result::kEmpty;
    if (size > kMaxFrameBytes) return Result::kTooLarge;
    if (buffer_.size() - taken_ - 4 < size) return Result::kMore;
    frame = std::string_view(buffer_).substr(taken_ + 4, size);
    taken_ += 4 + size;
    return Result::kFrame;
  }

 private:
  std::string buffer_;
  size_t taken_ = 0;
};

}  // namespace flowtap::core
