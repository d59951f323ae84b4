// Addresses of names, for programs that connect by name where the system offers the flow before it has resolved it. The
// system's own resolver blocks, so it is asked on threads that end when nothing waits.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "sysext/core/flow.h"

namespace flowtap::macos {

class Resolver {
 public:
  /// Size 0 where the name has no address. On a thread of the resolver's own.
  using Answer = std::function<void(core::Address address)>;

  Resolver();
  ~Resolver() { end(); }
  /// Forgets what waits, and waits for what is being asked.
  void end();
  /// False where too many wait.
  bool ask(const std::string& host, uint16_t port, Answer answer);

 private:
  struct State;
  static void* work(void* state);
  const std::shared_ptr<State> state_;
};

}  // namespace flowtap::macos
