// The launcher's side of the connection to flowtapd.
#pragma once
#include <string>
#include <vector>

#include "sysext/linux/frame_socket.h"
#include "sysext/linux/launcher/capture.h"

namespace flowtap::linux_ {

class DaemonLink {
 public:
  /// Connects to this user's daemon, starting it where none answers, and exchanges greetings. To be called before the
  /// namespaces are entered: the daemon learns the peer's uid at that moment. Throws CaptureImpossible.
  static DaemonLink open();

  /// Hands the sockets over and waits until the daemon serves them. Throws CaptureImpossible.
  void attach(const Capture& capture, const std::string& name, const std::vector<std::string>& command);

  /// Lets the descriptor pass through exec, so that the daemon sees the end of the connection when the last process of
  /// the tree has gone. Call it last.
  void keepAcrossExec();

 private:
  explicit DaemonLink(Fd fd) : socket_(std::move(fd)) {}
  void greet();

  FrameSocket socket_;
};

}  // namespace flowtap::linux_
