// Where to click: what the user has to do in System Settings, for the macOS that runs. Settings moved with nearly every
// release, and a wrong path is what people complain about most.
#pragma once
#include <string>

#include "sysext/macos/app/system.h"

namespace flowtap::macos::app {

struct Advice {
  std::string next;  ///< a sentence or two
  std::string open;  ///< a URL that opens the pane; "" for none
};

/// To allow the system extension.
Advice approveExtension(Version version);
/// To switch it on again after it was switched off.
Advice enableExtension(Version version);
/// To switch the proxy's configuration on again.
Advice enableConfiguration(Version version);

/// What a code of OSSystemExtensionErrorDomain means, and what to do.
struct Explanation {
  std::string text;
  std::string next;
};
Explanation explainRequest(int code, const std::string& systemText);

}  // namespace flowtap::macos::app
