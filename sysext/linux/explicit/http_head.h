// Heads of HTTP/1 messages (RFC 9112): found, taken apart, strictly enough that two readers of one message cannot
// disagree on where it ends (section 11.2, request smuggling).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flowtap::explicit_proxy {

constexpr size_t kMaxHead = 64u << 10;

/// Position behind the empty line that ends a head; 0: not there yet. `from`: where an earlier look at the same input
/// stopped, kept by the caller, so that a head that comes byte by byte is not searched from its beginning each time.
size_t findHeadEnd(std::string_view input, size_t& from);

struct Field {
  std::string_view name, value;  ///< value without the spaces around it
};

/// Views into the text that it was parsed from.
struct RequestHead {
  std::string_view method, target;
  int minor = 1;  ///< HTTP/1.x
  std::vector<Field> fields;
};
struct ResponseHead {
  int status = 0;
  int minor = 1;
  std::vector<Field> fields;
};

/// Both take a whole head, its empty line included. "": parsed; otherwise what is wrong, for people.
std::string parseHead(std::string_view text, RequestHead& head);
std::string parseHead(std::string_view text, ResponseHead& head);

bool sameName(std::string_view a, std::string_view b);
/// Whether a comma-separated list, over all fields of that name, has this word. Case does not matter.
bool listHas(const std::vector<Field>& fields, std::string_view name, std::string_view word);

/// How the end of a message's body is found (RFC 9112, section 6.3).
struct BodyLength {
  enum class Kind : uint8_t { kNone, kSized, kChunked, kUntilClose, kInvalid };
  Kind kind = Kind::kNone;
  uint64_t size = 0;
};
BodyLength requestBody(const RequestHead& head);
/// `toHead`: it answers a HEAD request.
BodyLength responseBody(const ResponseHead& head, bool toHead);

}  // namespace flowtap::explicit_proxy
