// What the proxy itself says over HTTP.
#pragma once
#include <string>

#include "sysext/linux/explicit/failure.h"
#include "sysext/linux/explicit/http_forward.h"

namespace flowtap::explicit_proxy {

/// The answer to CONNECT: the tunnel begins behind it.
extern const char* const kTunnelReply;

/// Error answers end the connection. They say who speaks and why (RFC 9209, Proxy-Status), so that nobody takes them for
/// the server's. `toHead`: without the body.
std::string httpReply(const HttpRefusal& refusal, bool toHead = false);
std::string httpReply(const Failure& failure, bool toHead = false);

}  // namespace flowtap::explicit_proxy
