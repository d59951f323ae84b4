// Connecting to the rendezvous socket, for callers with a thread to spare: the launcher, and Client's own thread.
#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "native/fd.h"
#include "native/rendezvous.h"

namespace flowtap::unixsocket {

struct Connected {
  ConnectError error = ConnectError::kNone;
  std::string text;  ///< what is wrong, where, and what to do
  Fd fd;             ///< close-on-exec, non-blocking
  Peer server;
};

/// How long a service may leave its queue of waiting clients full.
constexpr std::chrono::milliseconds kConnectPatience{5000};

/// Connects to `path` with every check of the rendezvous: folder, no symlink, the server's uid. Blocks while the
/// service's queue is full, for kConnectPatience at most; `pause` sleeps for that long and returns true to give up
/// (the default sleeps and never gives up).
Connected connectSocket(const std::string& path, const std::function<bool(std::chrono::milliseconds)>& pause = nullptr);

}  // namespace flowtap::unixsocket
