// An endpoint of the running test in a folder of its own.
#pragma once
#include "native/test/folder.h"
#include "sysext/test/kit/handle.h"
#include "sysext/test/kit/reader.h"

namespace flowtap::kit::test {

class Endpoint : public Handle {
 public:
  explicit Endpoint(flowtap_options options = {}) : name(folder_ / "run/endpoint") { start(name, options); }
  ~Endpoint() { stop(); }  // before its folder goes

  flowtap_statistics statistics() const {
    flowtap_statistics all;
    flowtap_endpoint_statistics(handle, &all);
    return all;
  }

 private:
  flowtap::test::Folder folder_;

 public:
  const std::string name;
};

}  // namespace flowtap::kit::test
