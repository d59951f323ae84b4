// Why a target could not be reached, as both protocols can say it.
#pragma once
#include <cstdint>
#include <string>

namespace flowtap::explicit_proxy {

struct Failure {
  enum class Kind : uint8_t {
    kRefused,
    kHostUnreachable,
    kNetworkUnreachable,
    kTimedOut,
    kNameNotFound,
    kNameTimedOut,
    kReset,    ///< the server ended the connection before it was made
    kDenied,   ///< by a rule
    kLimit,    ///< the proxy's own
    kOther,
  };
  Kind kind = Kind::kOther;
  std::string text;  ///< for people, a sentence
};

}  // namespace flowtap::explicit_proxy
