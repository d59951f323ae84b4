// Starting this user's daemon in the background.
#pragma once
#include "sysext/linux/daemon/options.h"

namespace flowtap::daemon {

/// True where a daemon of this user answers at `socketPath`.
bool answers(const std::string& socketPath);

/// Both return the exit status of the program; messages go to standard error. In the daemon itself, which is another
/// process, they do not return.
int startInBackground(const Options& options);
int ensureInBackground(const Options& options);
int runInForeground(const Options& options);

}  // namespace flowtap::daemon
