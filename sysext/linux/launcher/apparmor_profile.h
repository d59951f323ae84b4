#pragma once
#include <string>

namespace flowtap::linux_ {

/// An AppArmor profile that lets the program at `executable` make user namespaces, as Ubuntu 23.10 and later ask for.
std::string apparmorProfile(const std::string& executable);

}  // namespace flowtap::linux_
