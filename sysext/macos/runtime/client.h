// One connected client of the proxy.
#pragma once
#include "sysext/kit/client.h"
#include "sysext/macos/runtime/loop.h"

namespace flowtap::macos {

class ProxyClient final : public kit::Client, public Watched {
 public:
  using kit::Client::Client;

 private:
  int fd() const override { return kit::Client::fd(); }
  short events() const override { return kit::Client::events(); }
  void onEvents(short events) override { kit::Client::onEvents(events); }
  ::flowtap::core::SessionIo::Attachment attach(const wire::Attach&) override {
    return {wire::RefusedCode::kProtocol, "on macOS the system hands flows over; there is nothing to attach"};
  }
  /// It serves every user of this Mac.
  void stopProxy() override { refuse(wire::RefusedCode::kProtocol, "stop the proxy with: flowtap stop"); }
};

}  // namespace flowtap::macos
