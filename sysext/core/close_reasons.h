// errno -> why a flow ended. Names of <cerrno> only, so it holds on every platform.
#pragma once
#include <cerrno>

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
constexpr bool isReset(int error) { return error == ECONNRESET || error == EPIPE || error == ECONNABORTED; }

/// The server could not be reached.
constexpr CloseReason connectFailure(int error) {
  if (error == ECONNREFUSED) return CloseReason::kRefused;
  if (error == ETIMEDOUT) return CloseReason::kTimedOut;
  if (isOwnLimit(error)) return CloseReason::kLimit;
  if (isUnreachable(error)) return CloseReason::kUnreachable;
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

}  // namespace flowtap::core
