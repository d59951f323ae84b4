#include "sysext/macos/runtime/flows.h"

#include <arpa/inet.h>

#include <algorithm>

#include "sysext/macos/runtime/sockets.h"

namespace flowtap::macos {
namespace {

using core::CloseReason;
using core::NeDatagrams;
using core::NeStream;

constexpr uint64_t kSweepMillis = 1000;
/// For a program to read what the server had sent when it ended.
constexpr uint64_t kDrainMillis = 60'000;
/// RFC 4787, section 4.3: a NAT that lets go of a UDP mapping after five minutes is behaving well.
constexpr uint64_t kDatagramIdleMillis = 300'000;
/// How long after waking the peers are asked often whether they are still there.
constexpr uint64_t kAwakeMillis = 60'000;

bool isAddress(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

core::FlowStart Flows::describe(Offered& offered) {
  core::FlowStart start;
  const uint32_t uid = offered.offer.uid.value_or(0);
  core::CapturePtr& capture = captures_[uid];
  if (!capture) capture = std::make_shared<core::Capture>(core::Capture{"system", uid});
  start.protocol = offered.offer.protocol;
  start.source = offered.local;
  start.destination = offered.offer.remote;
  start.capture = capture;
  start.process = engine_.processes().intern(std::move(offered.process));
  if (!offered.host.empty() && !isAddress(offered.host))
    start.host = std::make_shared<const std::string>(offered.host);
  else
    start.host = names_.find(start.destination, start.process ? start.process->info.pid : 0, clock_.steadyMillis());
  return start;
}

void Flows::relay(Offered offered, std::shared_ptr<core::NeStreamPort> port, core::NeAdmission::Verdict verdict,
                  bool running) {
  auto socket = std::make_unique<TcpSocket>(loop_, offered.offer.interface);
  TcpSocket* const server = socket.get();
  NeStream::Parts parts{std::move(port), std::move(socket), std::move(verdict.place), verdict.synthetic};
  const auto stream = std::make_shared<NeStream>(engine_, loop_, describe(offered), std::move(parts),
                                                 [this](NeStream& over) { streams_.erase(&over); });
  server->attach(*stream);
  streams_[stream.get()] = {stream, server};
  stream->begin();
  sweepSoon();
  // It was stopped after the flow had been taken.
  if (!running) stream->stop(CloseReason::kProxyStopped);
}

void Flows::relay(Offered offered, std::shared_ptr<core::NeDatagramPort> port, core::NeAdmission::Verdict verdict,
                  bool running) {
  auto socket = std::make_unique<UdpSocket>(loop_, offered.offer.interface);
  UdpSocket* const peers = socket.get();
  NeDatagrams::Parts parts{std::move(port), std::move(socket), std::move(verdict.place), describe(offered)};
  const auto flow = std::make_shared<NeDatagrams>(engine_, loop_, names_, std::move(parts),
                                                  [this](NeDatagrams& over) { datagrams_.erase(&over); });
  peers->attach(*flow);
  datagrams_[flow.get()] = flow;
  flow->begin();
  sweepSoon();
  if (!running) flow->stop(CloseReason::kProxyStopped);
}

void Flows::end() {
  for (const auto& [key, stream] : streams_) {
    stream.first->stop(CloseReason::kProxyStopped);
    stream.first->giveUp();
  }
  for (const auto& [key, flow] : datagrams_) flow->stop(CloseReason::kProxyStopped);
}

void Flows::woke() {
  awakeUntil_ = clock_.steadyMillis() + kAwakeMillis;
  for (const auto& [key, flow] : datagrams_) flow->woke();
  askPeers(true);
}

void Flows::askPeers(bool soon) {
  for (const auto& [key, stream] : streams_) stream.second->askSoon(soon);
}

void Flows::sweepSoon() { sweepAt_ = std::min(sweepAt_, clock_.steadyMillis() + kSweepMillis); }

void Flows::sweep(uint64_t now, bool ending) {
  sweepAt_ = now + kSweepMillis;
  if (empty() && !ending) sweepAt_ = now + 60 * kSweepMillis;
  if (awakeUntil_ != 0 && awakeUntil_ <= now) {
    awakeUntil_ = 0;
    askPeers(false);
  }
  for (const auto& [key, stream] : streams_)
    if (const auto since = stream.first->drainingSince(); since && *since + kDrainMillis <= now) stream.first->giveUp();
  for (const auto& [key, flow] : datagrams_)
    if (flow->lastActive() + kDatagramIdleMillis <= now) flow->stop(CloseReason::kIdle);
}

}  // namespace flowtap::macos
