// Follows a message's body to its end, byte for byte; changes nothing.
#pragma once
#include "sysext/linux/explicit/http_head.h"

namespace flowtap::explicit_proxy {

class HttpBody {
 public:
  enum class State : uint8_t { kGoing, kDone, kInvalid };

  explicit HttpBody(BodyLength length = {});
  /// How many of these bytes belong to the body. Fewer than all only where it ends or is invalid.
  size_t take(std::string_view bytes);
  State state() const { return state_; }

 private:
  /// Parts of a chunked body (RFC 9112, section 7.1).
  enum class Part : uint8_t { kSize, kExtension, kSizeEnd, kData, kDataEnd, kDataEndLf, kTrailer, kTrailerLine, kLast };
  void chunkByte(char c);

  BodyLength::Kind kind_;
  State state_ = State::kGoing;
  Part part_ = Part::kSize;
  uint64_t left_;          // of the body, or of the chunk
  unsigned digits_ = 0;    // of the chunk's size
  size_t overhead_ = 0;    // bytes of extensions and trailers, which must not go on for ever
};

}  // namespace flowtap::explicit_proxy
