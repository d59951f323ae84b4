// The mode for systems that allow no namespaces: the daemon serves HTTP CONNECT and SOCKS5 at a port of this capture,
// and variables of the environment tell programs to use it. Programs that do not obey them are not seen.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sysext/linux/launcher/capture.h"

namespace flowtap::linux_ {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Makes the listener, on the host's localhost. Throws CaptureImpossible, also where the environment names a proxy
/// already, which the captured programs need and which this one would take the place of.
Capture makeExplicitCapture();

/// What programs are told of the listener of an explicit capture.
Variables proxyVariables(const Capture& capture);

}  // namespace flowtap::linux_
