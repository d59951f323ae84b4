// Host names to addresses for an explicit proxy. The system's resolver blocks, so it runs in a few threads of its own;
// answers come back to the loop's thread.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class Resolver final : public EventHandler {
 public:
  struct Answer {
    std::vector<sockaddr_storage> addresses;  ///< with the port; in the order to try (RFC 6724); none on an error
    int error = 0;                            ///< of getaddrinfo(3)
  };
  using Done = std::function<void(Answer)>;
  using Id = uint64_t;

  explicit Resolver(EventLoop& loop);
  ~Resolver() override;
  /// False, with errno set, where the kernel refuses.
  bool start();

  /// Calls `done` later, from the loop.
  Id resolve(const std::string& host, uint16_t port, Done done);
  /// Its `done` is not called any more.
  void cancel(Id id);

 private:
  struct Shared;
  void onEvents(uint32_t events, unsigned tag) override;

  EventLoop& loop_;
  std::shared_ptr<Shared> shared_;  // with the threads, of which some may outlive this object in a slow look-up
  std::unordered_map<Id, Done> waiting_;
  Id last_ = 0;
};

}  // namespace flowtap::daemon
