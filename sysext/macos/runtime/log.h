// Where the proxy says what happened.
#pragma once
#include <functional>
#include <string>

namespace flowtap::macos {

enum class LogLevel { kInfo, kError };
/// Any thread.
using Log = std::function<void(LogLevel, const std::string&)>;

}  // namespace flowtap::macos
