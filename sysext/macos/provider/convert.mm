#include "sysext/macos/provider/convert.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace flowtap::macos {
namespace {

core::Address parsed(const std::string &host, uint16_t port) {
  const std::string address = host.substr(0, host.find('%'));
  core::Address to;
  to.port = port;
  if (::inet_pton(AF_INET, address.c_str(), to.bytes.data()) == 1) to.size = 4;
  else if (::inet_pton(AF_INET6, address.c_str(), to.bytes.data()) == 1) to.size = 16;
  return to;
}

std::string hostOf(const core::Address &address) {
  char host[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(address.size == 4 ? AF_INET : AF_INET6, address.bytes.data(), host, sizeof host);
  return host;
}

}  // namespace

NSError *errorOf(core::NeError error) {
  if (error == core::NeError::kNone) return nil;
  return [NSError errorWithDomain:NEAppProxyErrorDomain code:static_cast<NSInteger>(error) userInfo:nil];
}

core::NeError codeOf(NSError *error) {
  if (!error) return core::NeError::kNone;
  const bool known = [error.domain isEqualToString:NEAppProxyErrorDomain] && error.code >= NEAppProxyFlowErrorNotConnected &&
                     error.code <= NEAppProxyFlowErrorReadAlreadyPending;
  return known ? static_cast<core::NeError>(error.code) : core::NeError::kInternal;
}

core::Address addressOf(nw_endpoint_t endpoint) {
  core::Address to;
  if (!endpoint) return to;
  if (nw_endpoint_get_type(endpoint) == nw_endpoint_type_host)
    return parsed(nw_endpoint_get_hostname(endpoint), nw_endpoint_get_port(endpoint));
  if (nw_endpoint_get_type(endpoint) != nw_endpoint_type_address) return to;
  const struct sockaddr *const from = nw_endpoint_get_address(endpoint);
  to.port = nw_endpoint_get_port(endpoint);
  if (from->sa_family == AF_INET) {
    to.size = 4;
    std::memcpy(to.bytes.data(), &reinterpret_cast<const sockaddr_in *>(from)->sin_addr, 4);
  } else if (from->sa_family == AF_INET6) {
    to.size = 16;
    std::memcpy(to.bytes.data(), &reinterpret_cast<const sockaddr_in6 *>(from)->sin6_addr, 16);
  }
  return to;
}

std::string nameOf(nw_endpoint_t endpoint) {
  if (!endpoint || nw_endpoint_get_type(endpoint) != nw_endpoint_type_host || addressOf(endpoint).size != 0) return "";
  return nw_endpoint_get_hostname(endpoint);
}

nw_endpoint_t endpointOf(const core::Address &address) {
  return nw_endpoint_create_host(hostOf(address).c_str(), std::to_string(address.port).c_str());
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
core::Address legacyAddressOf(NWEndpoint *endpoint) {
  if (![endpoint isKindOfClass:[NWHostEndpoint class]]) return {};
  NWHostEndpoint *const host = (NWHostEndpoint *)endpoint;
  return parsed(text(host.hostname), static_cast<uint16_t>(host.port.intValue));
}

std::string legacyNameOf(NWEndpoint *endpoint) {
  if (![endpoint isKindOfClass:[NWHostEndpoint class]] || legacyAddressOf(endpoint).size != 0) return "";
  return text(((NWHostEndpoint *)endpoint).hostname);
}

NWEndpoint *legacyEndpointOf(const core::Address &address) {
  return [NWHostEndpoint endpointWithHostname:text(hostOf(address)) port:text(std::to_string(address.port))];
}
#pragma clang diagnostic pop

}  // namespace flowtap::macos
