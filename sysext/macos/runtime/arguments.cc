#include "sysext/macos/runtime/arguments.h"

#include <cstdint>
#include <cstring>

namespace flowtap::macos {

std::vector<std::string> argumentsIn(std::string_view memory) {
  int32_t count = 0;
  if (memory.size() < sizeof count) return {};
  std::memcpy(&count, memory.data(), sizeof count);
  memory.remove_prefix(sizeof count);
  size_t at = memory.find('\0');  // past the path
  if (at == std::string_view::npos) return {};
  while (at < memory.size() && memory[at] == '\0') at++;
  std::vector<std::string> arguments;
  for (int32_t i = 0; i < count && at < memory.size(); i++) {
    const size_t end = memory.find('\0', at);
    if (end == std::string_view::npos) break;
    arguments.emplace_back(memory.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

}  // namespace flowtap::macos
