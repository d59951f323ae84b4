#include "sysext/linux/launcher/capture.h"

#include "sysext/linux/launcher/hold.h"
#include "sysext/linux/launcher/inner_network.h"
#include "sysext/linux/launcher/namespaces.h"
#include "sysext/linux/launcher/rules.h"

namespace flowtap::linux_ {

Capture enterCapture(const std::vector<wire::Mode>& modes, Holding holding) {
  const HostNetwork host = readHostNetwork();
  const auto settings = readHostSettings();
  Capture capture;
  capture.privileged = enterNamespaces() == Isolation::kUserAndNetwork;
  setUpInnerNetwork(host, settings);

  // A refused batch leaves nothing behind, so the next mode starts afresh.
  std::optional<NetlinkRefusal> first;
  for (const auto mode : modes) {
    const auto refusal = makeRules(host, mode);
    if (!refusal) {
      capture.mode = mode;
      break;
    }
    if (!first) first = refusal;
  }
  if (capture.mode == wire::Mode::kUnspecified) throw CaptureImpossible(explainRulesFailure(*first));
  if (first) capture.fallback = explainRulesFailure(*first);
  routeEverything(host, capture.mode);
  capture.sockets = makeCaptureSockets(host, capture.mode);
  if (holding == Holding::kNever) return capture;
  auto queues = holdConnections(host);
  capture.holds = !queues.empty();
  for (auto& queue : queues) capture.sockets.push_back(std::move(queue));
  return capture;
}

}  // namespace flowtap::linux_
