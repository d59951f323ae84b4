// Makes sockets inside a captured network, from outside. No process stays there for it.
#pragma once
#include <vector>

#include "native/fd.h"

namespace flowtap::daemon {

class InnerSockets {
 public:
  /// `inside`: any socket of that network; needed only here.
  explicit InnerSockets(int inside);
  /// False where the kernel does not tell which network that is: then there are no sockets to be had.
  bool usable() const { return network_.get() >= 0; }

  /// An unconnected, non-blocking TCP socket whose packets are neither held nor steered. Empty, with errno set, where
  /// there is none.
  Fd take(int family);

 private:
  int fill(int family, std::vector<Fd>& sockets);

  Fd network_;
  Fd user_;  // the user namespace that the network belongs to; empty where it is our own
  std::vector<Fd> ready_[2];
};

}  // namespace flowtap::daemon
