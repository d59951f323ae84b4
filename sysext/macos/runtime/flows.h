// The flows that were taken: each with its adapter, its socket towards the network and what it is shown as. On the loop's
// thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sysext/core/engine.h"
#include "sysext/core/host_names.h"
#include "sysext/core/ne_admission.h"
#include "sysext/core/ne_datagrams.h"
#include "sysext/core/ne_stream.h"
#include "sysext/macos/runtime/loop.h"

namespace flowtap::macos {

/// What the provider knows of a flow when the system offers it.
struct Offered {
  core::NeOffer offer;
  core::ProcessInfo process;
  core::Address local;
  std::string host;  ///< what the program asked for; "" where unknown
};

class TcpSocket;

class Flows {
 public:
  /// Both outlive it; `loop` may be made after it.
  Flows(core::Engine& engine, core::Clock& clock, Loop& loop) : engine_(engine), clock_(clock), loop_(loop) {}

  void relay(Offered offered, std::shared_ptr<core::NeStreamPort> port, core::NeAdmission::Verdict verdict, bool running);
  void relay(Offered offered, std::shared_ptr<core::NeDatagramPort> port, core::NeAdmission::Verdict verdict,
             bool running);
  bool empty() const { return streams_.empty() && datagrams_.empty(); }
  /// All of them, since the proxy stops.
  void end();
  /// The Mac has slept: for a while the peers are asked often whether they are still there.
  void woke();
  /// Steady milliseconds.
  uint64_t sweepAt() const { return sweepAt_; }
  /// Ends what is idle or was never read. `ending`: it is waited for that all are gone.
  void sweep(uint64_t now, bool ending);

 private:
  core::FlowStart describe(Offered& offered);
  void askPeers(bool soon);
  void sweepSoon();

  core::Engine& engine_;
  core::Clock& clock_;
  Loop& loop_;
  core::HostNames names_;
  std::map<uint32_t, core::CapturePtr> captures_;  // by uid
  std::map<core::NeStream*, std::pair<std::shared_ptr<core::NeStream>, TcpSocket*>> streams_;
  std::map<core::NeDatagrams*, std::shared_ptr<core::NeDatagrams>> datagrams_;
  uint64_t sweepAt_ = 0;  // steady milliseconds
  uint64_t awakeUntil_ = 0;
};

}  // namespace flowtap::macos
