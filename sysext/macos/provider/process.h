// Which process a flow belongs to, from the audit token that came with it.
#pragma once
#include <optional>

#include "sysext/core/ne_admission.h"

namespace flowtap::macos {

struct Owner {
  uint32_t pid = 0;
  uint32_t uid = 0;
  core::ProcessInfo process;
};
/// Nothing where the token is not one.
std::optional<Owner> ownerOf(const void* token, size_t length);

}  // namespace flowtap::macos
