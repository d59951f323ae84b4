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

/// A ProcessInfo as subscribers get it: cut to size, valid UTF-8, encoded once and shared by all flows of the process.
struct Process {
  ProcessInfo info;
  std::string encoded;  ///< a wire::Process
};
using ProcessPtr = std::shared_ptr<const Process>;

/// One captured process tree (Linux) or everything the extension sees (macOS).
struct Capture {
  std::string name;
  uint32_t uid = 0;  ///< whose flows these are: only this user's subscribers see them
};
using CapturePtr = std::shared_ptr<const Capture>;

class Engine;
struct Rule;  // rules.h

/// What is known when a flow begins.
struct FlowStart {
  Protocol protocol = Protocol::kTcp;
  bool inbound = false;
  Address source;
  Address destination;  ///< the original destination
  ProcessPtr process;   ///< null: unknown
  CapturePtr capture;   ///< never null
  std::shared_ptr<const std::string> host;  ///< the name that the program asked for; null: unknown
};

/// One TCP connection or UDP conversation, as subscribers know it. A flow is in the engine's list of live flows from
/// open() to close(). StreamFlow and DatagramFlow carry the payload.
class Flow {
 public:
  explicit Flow(Engine& engine, FlowStart start) : about(std::move(start)), engine_(engine) {}
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;
  virtual ~Flow() = default;

  /// Ends the flow from the proxy's side.
  virtual void stop(CloseReason reason, int error) = 0;

  bool live() const { return live_; }
  uint32_t uid() const { return about.capture->uid; }

  const FlowStart about;
  FlowId id = 0;
  Micros openedAt = 0;
  Micros connectedAt = 0;  ///< 0: the peer has not answered yet
  /// Payload bytes, datagrams and half-closes, by direction: [0] up, [1] down.
  std::array<uint64_t, 2> bytes{};
  std::array<uint64_t, 2> datagrams{};
  std::array<bool, 2> ended{};
  /// The rule that it opened under; null: none. Set by Engine::open().
  std::shared_ptr<const Rule> rule;
  /// Datagrams that the rule did not let through, by direction.
  struct Lost {
    std::array<uint64_t, 2> datagrams{};
    std::array<uint64_t, 2> bytes{};
  };
  std::unique_ptr<Lost> lost;

 protected:
  /// The time given to Engine::wakeAt() has come.
  virtual void due() {}

  Engine& engine_;

 private:
  friend class FlowTable;
  friend class Engine;
  Flow* previous_ = nullptr;  // the table's list
  Flow* next_ = nullptr;
  bool live_ = false;
  uint64_t wakeAt_ = 0;      // steady milliseconds; 0: not in the engine's list of flows to wake
  uint32_t dirty_ = kClean;  // place in the engine's list of flows whose counters are to be told
  static constexpr uint32_t kClean = UINT32_MAX;
};

constexpr size_t index(Direction d) { return d == Direction::kDown ? 1 : 0; }

}  // namespace flowtap::core
