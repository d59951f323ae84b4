// A network of the test's own, with an address that is not loopback, so that flows to it are taken.
#pragma once
#include <string>

#include "sysext/core/flow.h"

namespace flowtap::macos::test {

/// Before any thread. Returns why there is none, "" where there is.
std::string makeNetwork();
/// What makeNetwork() said.
const std::string& networkProblem();
/// 198.51.100.1 (RFC 5737), on the loopback interface of that network.
core::Address networkAddress(uint16_t port);

}  // namespace flowtap::macos::test
