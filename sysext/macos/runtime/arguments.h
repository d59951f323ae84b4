// The arguments of a process as the kernel keeps them (sysctl KERN_PROCARGS2).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace flowtap::macos {

/// The layout: an int with the number of arguments, the path of the executable, NULs up to a boundary, then each
/// argument with its NUL, then the environment, which is nobody's business. What does not fit this gives nothing.
std::vector<std::string> argumentsIn(std::string_view memory);

}  // namespace flowtap::macos
