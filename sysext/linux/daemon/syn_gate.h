// Looks at the first packet of each TCP connection of a capture, and remembers which process sent it. While the kernel
// holds the packet the program waits in connect(), so its socket exists, however short it lives.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "native/fd.h"
#include "sysext/core/flow.h"
#include "sysext/linux/daemon/event_loop.h"
#include "sysext/linux/daemon/held_syn.h"

namespace flowtap::daemon {

class SynGate final : public EventHandler {
 public:
  using Find = std::function<core::ProcessPtr(const sockaddr_storage& client, const sockaddr_storage& server)>;

  /// `queue` is a NETLINK_NETFILTER socket bound to the packet queue `number`. `find` names a connection's process.
  SynGate(EventLoop& loop, Fd queue, uint16_t number, Find find);
  /// The kernel lets packets pass unheld from now on.
  ~SynGate() override;
  /// False, with errno set, where the kernel refuses.
  bool start();

  /// The process whose first packet came from `client`, if it was seen; asked once, when the connection is accepted.
  std::optional<core::ProcessPtr> take(const core::Address& client);

 private:
  struct Key {
    core::Address client;
    bool operator<(const Key& other) const;
  };
  void onEvents(uint32_t events, unsigned tag) override;
  void remember(const linux_::HeldSyn& syn);

  EventLoop& loop_;
  const Fd queue_;
  const uint16_t number_;
  const Find find_;
  std::map<Key, core::ProcessPtr> seen_;
  std::deque<Key> order_;  // of seen_, oldest first: connections that never arrive here are forgotten
  std::vector<char> buffer_;
};

}  // namespace flowtap::daemon
