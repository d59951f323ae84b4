// The endpoint's own thread: takes what callers reported, drives the flow core, serves the clients.
#pragma once
#include <pthread.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "native/steady.h"
#include "sysext/core/engine.h"
#include "sysext/kit/client.h"
#include "sysext/kit/inbox.h"

namespace flowtap::kit {

/// Wall time of the event that is being told; see daemon::SystemClock on why it does not step while flows live.
class EventClock final : public core::Clock {
 public:
  EventClock() { settle(); }
  uint64_t wallMicros() override { return anchor_ + (event_ ? event_ : steadyMicros()); }
  uint64_t steadyMillis() override { return steadyMicros() / 1000; }
  void settle() override;
  /// 0: now.
  void setEvent(uint64_t steady) { event_ = steady; }

 private:
  uint64_t anchor_ = 0;
  uint64_t event_ = 0;
};

class Server {
 public:
  struct Start {
    std::string name;  ///< of the rendezvous
    std::string program;
    core::Limits limits;
    ListenerOptions listener;
    std::function<void(const std::string&)> log;
  };
  /// Listens and starts the thread. Null with `error` set where that fails.
  static std::unique_ptr<Server> start(Start start, std::shared_ptr<Inbox> inbox, std::string& error);
  /// Ends the thread; see flowtap_endpoint_stop().
  ~Server();

 private:
  Server(Start start, std::shared_ptr<Inbox> inbox);
  static void* main(void* self);
  void run();
  /// Waits for input, at most until steady `until`.
  void wait(uint64_t until);
  void apply(Inbox::Batch batch);
  void apply(Record& record);
  core::FlowStart beginning(Beginning& from);
  void endFinished();

  Start options_;
  const std::shared_ptr<Inbox> inbox_;
  EventClock clock_;
  core::Engine engine_;
  /// Shared with the listener, which may be in the middle of a call when this ends.
  const std::shared_ptr<Refusals> refusals_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unordered_map<uint32_t, core::CapturePtr> captures_;  // by uid
  uint64_t stopBy_ = 0;  // steady milliseconds; 0: not stopping
  pthread_t thread_{};
  bool running_ = false;
};

}  // namespace flowtap::kit
