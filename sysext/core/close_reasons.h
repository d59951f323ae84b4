// errno -> why a flow ended. Names of <cerrno> only, so it holds on every platform.
#pragma once
#include <cerrno>
#include <string>

#include "sysext/core/flow.h"

namespace flowtap::core {

/// The proxy's own resources: descriptors and memory.
constexpr bool isOwnLimit(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}
/// EADDRNOTAVAIL: no address of that family here, or no free local port.
constexpr bool isUnreachable(int error) {
  return error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN || error == EADDRNOTAVAIL;
}
/// The system or the network forbids it: a prohibiting route, a packet filter, a black hole.
constexpr bool isForbidden(int error) {
  return error == EACCES || error == EPERM || error == EINVAL || error == EHOSTDOWN;
}
constexpr bool isReset(int error) { return error == ECONNRESET || error == EPIPE || error == ECONNABORTED; }

/// The server could not be reached.
constexpr CloseReason connectFailure(int error) {
  if (error == ECONNREFUSED) return CloseReason::kRefused;
  if (error == ETIMEDOUT) return CloseReason::kTimedOut;
  if (isOwnLimit(error)) return CloseReason::kLimit;
  if (isUnreachable(error) || isForbidden(error)) return CloseReason::kUnreachable;
  if (isReset(error)) return CloseReason::kResetByServer;
  return CloseReason::kProxyError;
}
/// Reading from, or writing to, the server failed after it had answered.
constexpr CloseReason serverFailure(int error) {
  return isReset(error) ? CloseReason::kResetByServer : connectFailure(error);
}
constexpr CloseReason clientFailure(int error) {
  if (isReset(error)) return CloseReason::kResetByClient;
  return connectFailure(error);
}

/// What people are told where the system's own words would mislead; empty otherwise.
inline std::string closeText(CloseReason reason, int error) {
  if (reason == CloseReason::kLimit && error == EADDRNOTAVAIL)
    return "No free local port is left for a connection to this server (net.ipv4.ip_local_port_range)";
  return {};
}

}  // namespace flowtap::core
