// The provider: what the system calls. It adapts types; whatever is decided, is decided in sysext/core and
// sysext/macos/runtime.
#include "sysext/macos/provider/convert.h"
#include "sysext/macos/provider/ports.h"
#include "sysext/macos/provider/process.h"
#include "sysext/macos/provider/shared.h"

using namespace flowtap;
using macos::Offered;

namespace {

Offered offered(NEAppProxyFlow *flow, core::Protocol protocol, const core::Address &remote, const std::string &name) {
  Offered about;
  about.offer.protocol = protocol;
  about.offer.remote = remote;
  NEFlowMetaData *const from = flow.metaData;
  about.offer.signingId = macos::text(from.sourceAppSigningIdentifier);
  NSData *const token = from.sourceAppAuditToken;
  if (auto owner = macos::ownerOf(token.bytes, token.length)) {
    about.offer.uid = owner->uid;
    about.offer.pid = owner->pid;
    about.process = std::move(owner->process);
  }
  about.process.signingId = about.offer.signingId;
  about.host = name.empty() ? macos::text(flow.remoteHostname) : name;
  about.offer.named = !name.empty();
  if (flow.isBound && flow.networkInterface) about.offer.interface = nw_interface_get_index(flow.networkInterface);
  return about;
}

BOOL takeDatagrams(NEAppProxyUDPFlow *flow, Offered about) {
  return macos::sharedProxy().takeDatagrams(std::move(about), [flow] { return macos::datagramPort(flow); });
}

}  // namespace

@interface FlowtapProvider : NETransparentProxyProvider
@end

@implementation FlowtapProvider

- (void)startProxyWithOptions:(NSDictionary<NSString *, id> *)options completionHandler:(void (^)(NSError *))done {
  (void)options;
  const auto attempt = macos::sharedProxy().startProvider([done](const std::string &error) {
    // The text is in the log: the system shows the code at most.
    done(error.empty() ? nil : macos::errorOf(core::NeError::kInternal));
  });
  if (!attempt) return;
  NETransparentProxyNetworkSettings *const settings =
      [[NETransparentProxyNetworkSettings alloc] initWithTunnelRemoteAddress:@"127.0.0.1"];
  settings.includedNetworkRules = @[ [self everything:NENetworkRuleProtocolTCP], [self everything:NENetworkRuleProtocolUDP] ];
  const uint64_t number = *attempt;
  [self setTunnelNetworkSettings:settings
               completionHandler:^(NSError *error) {
                 macos::sharedProxy().settled(number, error ? macos::text(error.localizedDescription) : "");
               }];
}

- (void)stopProxyWithReason:(NEProviderStopReason)reason completionHandler:(void (^)(void))done {
  macos::sharedProxy().stopProvider("reason " + std::to_string(reason), [done] { done(); });
}

- (void)sleepWithCompletionHandler:(void (^)(void))done {
  macos::sharedProxy().sleep();
  done();
}

- (void)wake {
  macos::sharedProxy().wake();
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"  // macOS 13 and 14 have nothing else

/// Every outbound flow of one protocol, except those that stay on this machine: the system leaves them out by itself.
- (NENetworkRule *)everything:(NENetworkRuleProtocol)protocol {
  if (@available(macOS 15.0, *))
    return [[NENetworkRule alloc] initWithRemoteNetworkEndpoint:nil
                                                   remotePrefix:0
                                           localNetworkEndpoint:nil
                                                    localPrefix:0
                                                       protocol:protocol
                                                      direction:NETrafficDirectionOutbound];
  return [[NENetworkRule alloc] initWithRemoteNetwork:nil
                                         remotePrefix:0
                                         localNetwork:nil
                                          localPrefix:0
                                             protocol:protocol
                                            direction:NETrafficDirectionOutbound];
}

- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow {
  if (![flow isKindOfClass:[NEAppProxyTCPFlow class]]) return NO;  // UDP flows come below, each with its first peer
  NEAppProxyTCPFlow *const tcp = (NEAppProxyTCPFlow *)flow;
  core::Address remote;
  std::string name;
  if (@available(macOS 15.0, *)) {
    remote = macos::addressOf(tcp.remoteFlowEndpoint);
    name = macos::nameOf(tcp.remoteFlowEndpoint);
  } else {
    remote = macos::legacyAddressOf(tcp.remoteEndpoint);
    name = macos::legacyNameOf(tcp.remoteEndpoint);
  }
  return macos::sharedProxy().takeStream(offered(flow, core::Protocol::kTcp, remote, name),
                                         [tcp] { return macos::streamPort(tcp); });
}

- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow initialRemoteEndpoint:(NWEndpoint *)remote {
  Offered about = offered(flow, core::Protocol::kUdp, macos::legacyAddressOf(remote), "");
  about.local = macos::legacyAddressOf(flow.localEndpoint);
  return takeDatagrams(flow, std::move(about));
}

#pragma clang diagnostic pop

- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteFlowEndpoint:(nw_endpoint_t)remote API_AVAILABLE(macos(15.0)) {
  Offered about = offered(flow, core::Protocol::kUdp, macos::addressOf(remote), "");
  about.local = macos::addressOf(flow.localFlowEndpoint);
  return takeDatagrams(flow, std::move(about));
}

@end
