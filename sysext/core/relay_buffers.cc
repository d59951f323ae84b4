#include "sysext/core/relay_buffers.h"

#include <cstring>
#include <new>

namespace flowtap::core {
namespace {
constexpr std::align_val_t kPage{4096};
}

RelayBuffers::~RelayBuffers() {
  for (char* block : spare_) drop(block);
  if (scratch_) drop(scratch_);
}

char* RelayBuffers::take() {
  if (spare_.empty()) return static_cast<char*>(::operator new(block_, kPage));
  char* block = spare_.back();
  spare_.pop_back();
  return block;
}

void RelayBuffers::drop(char* block) { ::operator delete(block, kPage); }

Held RelayBuffers::keep(const char* at, size_t size) {
  Held held;
  held.size = static_cast<uint32_t>(size);
  if (size >= kWholeBlockFrom && wholeBlocks_ < kMaxWholeBlocks) {
    held.memory = scratch_;
    held.at = static_cast<uint32_t>(at - scratch_);
    held.capacity = static_cast<uint32_t>(block_);
    scratch_ = nullptr;
    wholeBlocks_++;
  } else {
    // A copy always has less capacity than a block, which is how release() tells them apart.
    held.memory = new char[size];
    held.capacity = static_cast<uint32_t>(size < block_ ? size : block_ - 1);
    std::memcpy(held.memory, at, size);
  }
  held_ += held.capacity;
  return held;
}

void RelayBuffers::release(Held& held) {
  if (!held.memory) return;
  held_ -= held.capacity;
  if (held.capacity < block_) {
    delete[] held.memory;
  } else {
    wholeBlocks_--;
    if (spare_.size() < kMaxSpare)
      spare_.push_back(held.memory);
    else
      drop(held.memory);
  }
  held = {};
}

}  // namespace flowtap::core
