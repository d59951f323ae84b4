// What each way of capturing cannot see, or changes for the program: plain sentences. The editor has them in other
// languages (src/editor/proxy/blindSpots.ts), by these very words.
#pragma once
#include <string>
#include <vector>

#include "gen/flow_pb.hpp"

namespace flowtap::linux_ {

/// How a capture works, beside its mode.
struct Means {
  bool ordinaryUser = false;  ///< not root, so that programs run in a user namespace
  bool holds = true;          ///< connections wait until their server has answered
  bool isReachable = true;    ///< servers inside are offered on the host
};
std::vector<std::string> blindSpotsOf(wire::Mode mode, const Means& means);

}  // namespace flowtap::linux_
