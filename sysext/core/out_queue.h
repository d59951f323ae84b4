// Bytes that wait to be written to one client, in blocks of about 64 KiB. Frames are encoded in place and never lie
// across two blocks, so one block is one write.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace flowtap::core {

/// Spare blocks, shared by all queues of an engine so that a busy client costs no allocation per block.
class BlockPool {
 public:
  /// The largest datagram with its frame fits.
  static constexpr size_t kBlockBytes = (64u << 10) + 1024;

  std::unique_ptr<char[]> take() {
    if (spare_.empty()) return std::unique_ptr<char[]>(new char[kBlockBytes]);
    auto block = std::move(spare_.back());
    spare_.pop_back();
    return block;
  }
  void give(std::unique_ptr<char[]> block) {
    if (spare_.size() < 8) spare_.push_back(std::move(block));
  }

 private:
  std::vector<std::unique_ptr<char[]>> spare_;
};

class OutQueue {
 public:
  explicit OutQueue(BlockPool& pool) : pool_(pool) {}
  OutQueue(const OutQueue&) = delete;
  OutQueue& operator=(const OutQueue&) = delete;
  ~OutQueue() { clear(); }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  /// Payload of FlowData frames in the blocks that are not completely written.
  size_t bodyBytes() const { return body_; }

  /// Room for `size` bytes in a row; commit() then says how many were used.
  char* reserve(size_t size);
  void commit(size_t size, size_t body = 0);

  /// The bytes to write next.
  std::string_view front() const;
  /// The first `size` bytes of front() are written.
  void consume(size_t size);
  void clear();

 private:
  struct Block {
    std::unique_ptr<char[]> data;
    size_t capacity;
    size_t used = 0;
    size_t body = 0;
  };
  void release(Block& block);

  BlockPool& pool_;
  std::deque<Block> blocks_;
  size_t written_ = 0;  // of the front block
  size_t size_ = 0;
  size_t body_ = 0;
};

}  // namespace flowtap::core
