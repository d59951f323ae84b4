// The generated codec, in both directions: what parses is the same after it was written and parsed again.
#include "gen/flow_pb.hpp"
#include "sysext/fuzz/fuzz.h"

using namespace flowtap;

namespace {

template <typename Message>
void roundTrip(const std::string& bytes) {
  Message first;
  if (!wire::parse(bytes.data(), bytes.size(), first)) return;
  const std::string once = wire::serialise(first);
  Message second;
  fuzz::require(wire::parse(once.data(), once.size(), second), "what was written parses");
  fuzz::require(wire::serialise(second) == once, "parsing loses nothing that was written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const bool client = input.ConsumeBool();
  const std::string bytes = fuzz::rest(input);
  if (client) roundTrip<wire::ClientFrame>(bytes);
  else roundTrip<wire::ProxyFrame>(bytes);
  return 0;
}
