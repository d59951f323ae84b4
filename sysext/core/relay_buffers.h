// Where payload lies on its way: one large block for every read, and what the other side did not take yet. Flows own no
// buffer while nothing waits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowtap::core {

/// Payload that waits for the other side. Plain memory: give it back to its RelayBuffers.
struct Held {
  char* memory = nullptr;  // null: nothing waits
  uint32_t at = 0;
  uint32_t size = 0;
  uint32_t capacity = 0;
};

class RelayBuffers {
 public:
  RelayBuffers(size_t block, size_t budget) : block_(block), budget_(budget) {}
  ~RelayBuffers();
  RelayBuffers(const RelayBuffers&) = delete;
  RelayBuffers& operator=(const RelayBuffers&) = delete;

  /// The block to read into. Its content lasts until the next read.
  char* scratch() {
    if (!scratch_) scratch_ = take();
    return scratch_;
  }
  /// How much to read: less while much waits already, so that memory stays near the budget.
  size_t readBytes() const { return held_ < budget_ ? block_ : kThriftyRead; }

  /// Keeps `size` bytes at `at` in scratch(): large rests keep the whole block, which saves a copy; small ones move to
  /// memory of their own.
  Held keep(const char* at, size_t size);
  void release(Held& held);
  /// Bytes of memory that flows hold.
  size_t held() const { return held_; }

 private:
  static constexpr size_t kThriftyRead = 16u << 10;
  static constexpr size_t kWholeBlockFrom = 64u << 10;
  static constexpr size_t kMaxWholeBlocks = 16;
  static constexpr size_t kMaxSpare = 4;

  char* take();
  static void drop(char* block);

  const size_t block_;
  const size_t budget_;
  char* scratch_ = nullptr;
  std::vector<char*> spare_;
  size_t held_ = 0;
  size_t wholeBlocks_ = 0;
};

}  // namespace flowtap::core
