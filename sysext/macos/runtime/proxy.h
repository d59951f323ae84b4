// The proxy of the system extension, without any type of macOS: one thread with the flow core, the sockets towards the
// network, the clients. One per process; it lives as long as the process, whatever number of times the provider is
// started and stopped, so that clients can always ask how things stand. Runs on Linux under test.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "sysext/core/ne_admission.h"
#include "sysext/core/ne_lifecycle.h"
#include "sysext/core/ne_port.h"
#include "sysext/macos/runtime/flows.h"
#include "sysext/macos/runtime/log.h"
#include "sysext/macos/runtime/loop.h"

namespace flowtap::macos {

class Proxy {
 public:
  struct Options {
    std::string endpoint;    ///< name of the rendezvous
    std::string teamId;      ///< whose programs need no token; "" for none
    std::string appId;       ///< signing identifier of the container app
    std::string tokenFile;   ///< the granted tokens
    Log log;
    Loop::Around around;     ///< the proxy's thread; see Loop::start()
  };
  /// Null with `error` set where the system lacks the means.
  static std::unique_ptr<Proxy> start(Options options, std::string& error);
  /// Ends every flow and client.
  virtual ~Proxy() = default;

  // ---- the provider; any thread ----
  /// As NeLifecycle's.
  virtual std::optional<uint64_t> startProvider(core::NeLifecycle::Started started) = 0;
  virtual void settled(uint64_t attempt, const std::string& error) = 0;
  /// `stopped` is called when every flow has been told.
  virtual void stopProvider(const std::string& reason, std::function<void()> stopped) = 0;
  virtual void sleep() = 0;
  virtual void wake() = 0;
  /// Whether the flow is taken; `port` makes its adapter then.
  virtual bool takeStream(Offered offered, const std::function<std::shared_ptr<core::NeStreamPort>()>& port) = 0;
  virtual bool takeDatagrams(Offered offered, const std::function<std::shared_ptr<core::NeDatagramPort>()>& port) = 0;
};

}  // namespace flowtap::macos
