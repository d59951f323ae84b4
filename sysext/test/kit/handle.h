// What the tests of the kit have in common, whatever the rendezvous: an endpoint's handle with its log, and payload.
#pragma once
#include <unistd.h>

#include <mutex>
#include <string>
#include <vector>

#include "native/test/check.h"
#include "sysext/kit/include/flowtap_kit.h"

namespace flowtap::kit::test {

class Handle {
 public:
  ~Handle() { stop(); }
  void stop() {
    flowtap_endpoint_stop(handle);
    handle = nullptr;
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

 protected:
  void start(const std::string& name, flowtap_options options) {
    options.context = this;
    options.log = [](void* self, const char* message) {
      auto* const to = static_cast<Handle*>(self);
      const std::lock_guard<std::mutex> lock(to->mutex_);
      to->log_.push_back(message);
    };
    char error[256] = "";
    handle = flowtap_endpoint_start(name.c_str(), &options, error, sizeof error);
    CHECK(handle);
    CHECK_EQ(std::string(error), "");
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> log_;
};

inline void send(flowtap_flow* flow, flowtap_direction direction, const std::string& bytes) {
  flowtap_flow_data(flow, direction, bytes.data(), bytes.size());
}

/// Payload whose every byte tells its place.
inline std::string pattern(size_t from, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i++) bytes[i] = static_cast<char>((from + i) * 7 + (from + i) / 251);
  return bytes;
}

}  // namespace flowtap::kit::test
