#include "sysext/linux/explicit/http_body.h"

#include <algorithm>

namespace flowtap::explicit_proxy {
namespace {

using Kind = BodyLength::Kind;

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

HttpBody::HttpBody(BodyLength length) : kind_(length.kind), left_(length.kind == Kind::kSized ? length.size : 0) {
  if (kind_ == Kind::kNone || (kind_ == Kind::kSized && left_ == 0)) state_ = State::kDone;
  if (kind_ == Kind::kInvalid) state_ = State::kInvalid;
}

size_t HttpBody::take(std::string_view bytes) {
  if (state_ != State::kGoing) return 0;
  if (kind_ == Kind::kUntilClose) return bytes.size();
  size_t at = 0;
  while (at < bytes.size() && state_ == State::kGoing) {
    if (kind_ == Kind::kChunked && part_ != Part::kData) {
      chunkByte(bytes[at]);
      if (state_ == State::kInvalid) return at;
      at++;
      continue;
    }
    const auto some = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - at));
    at += some;
    left_ -= some;
    if (left_ > 0) continue;
    if (kind_ == Kind::kSized) state_ = State::kDone;
    else part_ = Part::kDataEnd;
  }
  return at;
}

/// A lone LF ends no line here: what a lenient reader takes for a chunk's end is where smuggling begins.
void HttpBody::chunkByte(char c) {
  const auto expect = [&](char wanted, Part next) {
    if (c == wanted) part_ = next;
    else state_ = State::kInvalid;
  };
  switch (part_) {
    case Part::kSize: {
      const int digit = hexDigit(c);
      if (digit >= 0) {
        if (++digits_ > 15) state_ = State::kInvalid;
        left_ = left_ * 16 + static_cast<unsigned>(digit);
        return;
      }
      if (digits_ == 0) state_ = State::kInvalid;
      else if (c == '\r') part_ = Part::kSizeEnd;
      else if (c == ';' || c == ' ' || c == '\t') part_ = Part::kExtension;
      else state_ = State::kInvalid;
      return;
    }
    case Part::kExtension:
      if (c == '\n' || ++overhead_ > kMaxHead) state_ = State::kInvalid;
      else if (c == '\r') part_ = Part::kSizeEnd;
      return;
    case Part::kSizeEnd:
      digits_ = 0;
      return expect('\n', left_ > 0 ? Part::kData : Part::kTrailer);
    case Part::kData: return;  // taken in pieces, not here
    case Part::kDataEnd: return expect('\r', Part::kDataEndLf);
    case Part::kDataEndLf: return expect('\n', Part::kSize);
    case Part::kTrailer:
      part_ = c == '\r' ? Part::kLast : Part::kTrailerLine;
      if (c == '\n' || ++overhead_ > kMaxHead) state_ = State::kInvalid;
      return;
    case Part::kTrailerLine:
      if (c == '\n') part_ = Part::kTrailer;
      else if (++overhead_ > kMaxHead) state_ = State::kInvalid;
      return;
    case Part::kLast:
      if (c == '\n') state_ = State::kDone;
      else state_ = State::kInvalid;
      return;
  }
}

}  // namespace flowtap::explicit_proxy
