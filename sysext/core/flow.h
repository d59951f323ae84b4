// What the core knows of a flow, and what the platform shells fill in. No platform header here.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gen/flow_pb.hpp"

namespace flowtap::core {

using wire::CloseReason;
using wire::Direction;
using wire::Mode;
using wire::Protocol;

/// Unique while the proxy lives, counts up from 1.
using FlowId = uint64_t;
/// Since 1970-01-01T00:00:00Z.
using Micros = uint64_t;

/// A transport address in network byte order; `size` is 4 or 16, or 0 where it is unknown. `port` is in host order.
struct Address {
  std::array<uint8_t, 16> bytes{};
  uint16_t port = 0;
  uint8_t size = 0;
  bool operator==(const Address& o) const { return size == o.size && port == o.port && bytes == o.bytes; }
};

struct Ancestor {
  uint32_t pid = 0;
  std::string name;
  bool operator==(const Ancestor& o) const { return pid == o.pid && name == o.name; }
};

/// The process that a flow belongs to. Platform shells find it out; a pid of 0 means that nobody could tell.
struct ProcessInfo {
  uint32_t pid = 0;
  std::string name;  ///< what the kernel calls it, e.g. "curl"
  std::string path;  ///< of the executable
  std::vector<std::string> arguments;
  uint32_t uid = 0;
  std::vector<Ancestor> ancestors;  ///< parent first
  std::string signingId;            ///< macOS
  std::string teamId;               ///< macOS
  bool operator==(const ProcessInfo& o) const {
    return pid == o.pid && uid == o.uid && name == o.name && path == o.path && arguments == o.arguments &&
           ancestors == o.ancestors && signingId == o.signingId && teamId == o.teamId;
  }
};

}  // namespace flowtap::core
