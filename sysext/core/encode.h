// Protobuf encoding straight into a buffer of known size, for the frames that are sent once per flow or per read.
#pragma once
#include <cstdint>
#include <cstring>

namespace flowtap::core {

constexpr size_t varintBytes(uint64_t v) {
  size_t n = 1;
  while (v >= 0x80) {
    v >>= 7;
    n++;
  }
  return n;
}

class Encoder {
 public:
  explicit Encoder(char* at) : at_(at) {}
  char* at() const { return at_; }

  void varint(uint64_t v) {
    while (v >= 0x80) {
      *at_++ = static_cast<char>(v | 0x80);
      v >>= 7;
    }
    *at_++ = static_cast<char>(v);
  }
  /// proto3: a zero is left out.
  void number(uint32_t field, uint64_t v) {
    if (v == 0) return;
    varint(field << 3);
    varint(v);
  }
  void bytes(uint32_t field, const void* data, size_t size) {
    if (size == 0) return;
    varint(field << 3 | 2);
    varint(size);
    std::memcpy(at_, data, size);
    at_ += size;
  }

 private:
  char* at_;
};

}  // namespace flowtap::core
