// A rate as a bucket of tokens: a byte costs one, and they come at the rate. It holds a tenth of a second's worth, so in
// any span of t seconds at most rate * (t + 0.1) bytes pass (plus the rest of one datagram).
#pragma once
#include <algorithm>
#include <cstdint>

namespace flowtap::core {

class TokenBucket {
 public:
  TokenBucket() = default;
  /// `rate`: bytes per second, at most 10^12; 0 is no limit. Begins full.
  TokenBucket(uint64_t rate, uint64_t nowMillis)
      : rate_(static_cast<int64_t>(rate)), level_(capacity()), at_(nowMillis) {}

  bool limited() const { return rate_ != 0; }

  /// Bytes that may pass now. 0 until some have gathered, so that a stream is not cut into single bytes.
  uint64_t available(uint64_t nowMillis) {
    if (!limited()) return UINT64_MAX;
    refill(nowMillis);
    return level_ < quantum() ? 0 : static_cast<uint64_t>(level_ / kScale);
  }
  /// May leave a debt: a datagram passes whole.
  void take(uint64_t bytes) {
    if (limited()) level_ -= static_cast<int64_t>(bytes) * kScale;
  }
  /// Milliseconds until available() is not 0.
  uint64_t waitMillis() const {
    const int64_t missing = quantum() - level_;
    return missing <= 0 ? 0 : static_cast<uint64_t>((missing + rate_ - 1) / rate_);
  }

 private:
  // Levels are in thousandths of a byte: rate * milliseconds needs no division then.
  static constexpr int64_t kScale = 1000;
  int64_t capacity() const { return std::max(rate_ * 100, kScale); }
  int64_t quantum() const { return std::max(rate_ * 20, kScale); }
  void refill(uint64_t nowMillis) {
    // After a debt more than a tenth of a second counts; ten minutes pay for the largest datagram at 110 bytes a second.
    const uint64_t passed = std::min<uint64_t>(nowMillis - at_, 600'000);
    at_ = nowMillis;
    // Not above full, and without overflow: 10^12 * 6 * 10^5 fits.
    level_ = std::min(level_ + static_cast<int64_t>(passed) * rate_, capacity());
  }

  int64_t rate_ = 0;
  int64_t level_ = 0;
  uint64_t at_ = 0;
};

}  // namespace flowtap::core
