// Granting and revoking: what a program of the service's own team asks of it, over the same rendezvous.
#pragma once
#include "native/rendezvous.h"

namespace flowtap::xpc {

/// As Client::connect(), without a socket: onDone says whether it was done.
using OnChanged = std::function<void(ConnectError error, const std::string& text)>;
std::unique_ptr<Client> changeToken(const std::string& name, const std::string& requirement, TokenChange change,
                                    OnChanged onDone);

}  // namespace flowtap::xpc
