// What is logged of peers and clients that are turned away. Thread: any.
#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "native/rendezvous.h"
#include "sysext/core/utf8.h"

namespace flowtap::kit {

/// A client that comes again and again does not fill the log.
class Refusals {
 public:
  using Log = std::function<void(const std::string&)>;
  explicit Refusals(Log log) : log_(std::move(log)) {}

  void tell(const Peer& peer, const std::string& reason) {
    const unsigned told = told_.fetch_add(1);
    if (told > kMost) told_.store(kMost + 1);  // or it would begin anew some day
    if (told >= kMost) return;
    // What the peer said can be part of the reason.
    const std::string why = core::toUtf8(reason, kLongest);
    log_(peer.pid == 0 ? why
                       : "turned away pid " + std::to_string(peer.pid) + " of uid " + std::to_string(peer.uid) + ": " + why);
    if (told + 1 == kMost) log_("further clients that are turned away are not logged");
  }

 private:
  static constexpr unsigned kMost = 1000;
  static constexpr size_t kLongest = 500;
  const Log log_;
  std::atomic<unsigned> told_{0};
};

}  // namespace flowtap::kit
