// A packet that the kernel holds (NFQUEUE), with the packet of the captured program in it.
#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/daemon/held_syn.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string datagram = fuzz::rest(input);
  if (const auto syn = linux_::parseHeldSyn(datagram.data(), datagram.size()))
    fuzz::require(syn->client.ss_family == syn->server.ss_family, "both ends are of one family");
  return 0;
}
