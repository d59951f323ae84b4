// Types of the Network Extension framework to those of the core, and back.
#pragma once
#import <Network/Network.h>
#import <NetworkExtension/NetworkExtension.h>

#include "sysext/core/ne_port.h"

namespace flowtap::macos {

NSError *errorOf(core::NeError error);
core::NeError codeOf(NSError *error);
/// Size 0 where it is no address. A zone ("%en0") is left off: the interface is told apart from it.
core::Address addressOf(nw_endpoint_t endpoint);
/// The name, where it is one; "" where it is an address.
std::string nameOf(nw_endpoint_t endpoint);
nw_endpoint_t endpointOf(const core::Address &address);

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"  // macOS 13 and 14 have nothing else
core::Address legacyAddressOf(NWEndpoint *endpoint);
std::string legacyNameOf(NWEndpoint *endpoint);
NWEndpoint *legacyEndpointOf(const core::Address &address);
#pragma clang diagnostic pop

inline std::string text(NSString *from) {
  const char *const bytes = from.UTF8String;
  return bytes ? bytes : "";
}
inline NSString *text(const std::string &from) { return [NSString stringWithUTF8String:from.c_str()] ?: @""; }
inline NSData *dataOf(const std::string &bytes) { return [NSData dataWithBytes:bytes.data() length:bytes.size()]; }

}  // namespace flowtap::macos
