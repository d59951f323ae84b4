// Names from the kernel and from payload are any bytes; strings on the wire are UTF-8.
#pragma once
#include <string>
#include <string_view>

namespace flowtap::core {

/// `text` with every byte that is not part of well-formed UTF-8 (RFC 3629) as U+FFFD, cut to at most `limit` bytes
/// between two characters.
std::string toUtf8(std::string_view text, size_t limit);

}  // namespace flowtap::core
