// Answers of name servers, from the payload of captured programs.
#include "sysext/core/host_names.h"
#include "sysext/core/utf8.h"
#include "sysext/fuzz/fuzz.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  core::HostNames names(4);
  core::Address address;
  address.size = 4;
  address.bytes = {192, 0, 2, 1};
  while (input.remaining_bytes() > 0) {
    std::string message = input.ConsumeRandomLengthString(1500);
    message.shrink_to_fit();
    names.learn(message);
    fuzz::require(names.size() <= 4, "no more names than the limit");
    if (const auto name = names.find(address)) {
      fuzz::require(!name->empty() && name->size() <= 255, "a name has 1 to 255 bytes");
      fuzz::require(core::toUtf8(*name, 255) == *name, "a name is UTF-8");
    }
  }
  return 0;
}
