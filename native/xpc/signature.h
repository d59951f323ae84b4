// Whether the sender of a message is signed in a certain way. XPC's own requirement turns every other peer away; this
// only tells peers apart.
#pragma once
#include <xpc/xpc.h>

#include <string>

namespace flowtap::xpc {

/// False also where the requirement is malformed or the sender is gone.
bool senderMeets(xpc_object_t message, const std::string& requirement);

}  // namespace flowtap::xpc
