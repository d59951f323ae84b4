// An endpoint of the running test in a folder of its own.
#pragma once
#include <unistd.h>

#include <mutex>

#include "native/test/folder.h"
#include "sysext/kit/include/flowtap_kit.h"
#include "sysext/test/kit/reader.h"

namespace flowtap::kit::test {

class Endpoint {
 public:
  explicit Endpoint(flowtap_options options = {}) : name(folder_ / "run/endpoint") {
    options.context = this;
    options.log = [](void* self, const char* message) {
      auto* endpoint = static_cast<Endpoint*>(self);
      const std::lock_guard<std::mutex> lock(endpoint->mutex_);
      endpoint->log_.push_back(message);
    };
    char error[256] = "";
    handle = flowtap_endpoint_start(name.c_str(), &options, error, sizeof error);
    CHECK(handle);
    CHECK_EQ(std::string(error), "");
  }
  ~Endpoint() { stop(); }
  void stop() {
    flowtap_endpoint_stop(handle);
    handle = nullptr;
  }

  flowtap_statistics statistics() const {
    flowtap_statistics all;
    flowtap_endpoint_statistics(handle, &all);
    return all;
  }
  flowtap_flow* open(flowtap_protocol protocol = FLOWTAP_TCP, uint32_t uid = ::geteuid()) const {
    flowtap_flow_info info{};
    info.protocol = protocol;
    info.uid = uid;
    info.pid = 4711;
    info.process_path = "/usr/bin/curl";
    info.source_address = "127.0.0.1";
    info.source_port = 50000;
    info.destination_address = "2001:db8::7";
    info.destination_port = 443;
    return flowtap_flow_open(handle, &info);
  }
  std::vector<std::string> log() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }

  flowtap_endpoint* handle = nullptr;

 private:
  flowtap::test::Folder folder_;
  std::mutex mutex_;
  std::vector<std::string> log_;

 public:
  const std::string name;
};

inline void send(flowtap_flow* flow, flowtap_direction direction, const std::string& bytes) {
  flowtap_flow_data(flow, direction, bytes.data(), bytes.size());
}

}  // namespace flowtap::kit::test
