#include "sysext/core/out_queue.h"

namespace flowtap::core {

char* OutQueue::reserve(size_t size) {
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().used < size) {
    if (size > BlockPool::kBlockBytes)
      blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    else
      blocks_.push_back({pool_.take(), BlockPool::kBlockBytes});
  }
  return blocks_.back().data.get() + blocks_.back().used;
}

void OutQueue::commit(size_t size, size_t body) {
  blocks_.back().used += size;
  blocks_.back().body += body;
  size_ += size;
  body_ += body;
}

std::string_view OutQueue::front() const {
  if (blocks_.empty()) return {};
  const Block& block = blocks_.front();
  return {block.data.get() + written_, block.used - written_};
}

void OutQueue::consume(size_t size) {
  written_ += size;
  size_ -= size;
  if (written_ < blocks_.front().used) return;
  body_ -= blocks_.front().body;
  written_ = 0;
  release(blocks_.front());
  blocks_.pop_front();
}

void OutQueue::clear() {
  for (Block& block : blocks_) release(block);
  blocks_.clear();
  written_ = size_ = body_ = 0;
}

void OutQueue::release(Block& block) {
  if (block.capacity == BlockPool::kBlockBytes) pool_.give(std::move(block.data));
}

}  // namespace flowtap::core
