// Where the proxy of one user keeps its run-time files: proxy.sock, lock, log.
#pragma once
#include <string>

namespace flowtap::linux_ {

/// $FLOWTAP_RUNTIME_DIR, else $XDG_RUNTIME_DIR/flowtap, else /tmp/flowtap-<uid>. XDG_RUNTIME_DIR counts only where it
/// is an absolute path of a folder of this user: su and sudo can leave another user's in the environment.
/// The folder itself is checked by whoever opens it (native/unix/directory.h).
std::string runtimeDirectory();

/// The one rendezvous socket, for subscribers and launchers.
std::string proxySocketPath();

}  // namespace flowtap::linux_
