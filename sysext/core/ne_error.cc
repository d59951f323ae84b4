#include <cerrno>

#include "sysext/core/close_reasons.h"
#include "sysext/core/ne_port.h"

namespace flowtap::core {

NeError neErrorOf(int error) {
  if (error == 0) return NeError::kNone;
  if (error == ECONNREFUSED) return NeError::kRefused;
  if (error == ETIMEDOUT) return NeError::kTimedOut;
  if (error == EMSGSIZE) return NeError::kDatagramTooLarge;
  if (error == ECONNRESET || error == EPIPE) return NeError::kPeerReset;
  if (isUnreachable(error)) return NeError::kHostUnreachable;
  return NeError::kAborted;
}

int errnoOf(NeError error) {
  switch (error) {
    case NeError::kNone:
      return 0;
    case NeError::kNotConnected:
      return ENOTCONN;
    case NeError::kPeerReset:
      return ECONNRESET;
    case NeError::kHostUnreachable:
      return EHOSTUNREACH;
    case NeError::kInvalidArgument:
      return EINVAL;
    case NeError::kAborted:
      return ECONNABORTED;
    case NeError::kRefused:
      return ECONNREFUSED;
    case NeError::kTimedOut:
      return ETIMEDOUT;
    case NeError::kDatagramTooLarge:
      return EMSGSIZE;
    case NeError::kReadAlreadyPending:
      return EALREADY;
    case NeError::kInternal:
      break;
  }
  return EIO;
}

}  // namespace flowtap::core
