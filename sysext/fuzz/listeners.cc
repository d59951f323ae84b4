// The kernel's list of listening sockets, in as many datagrams as it likes.
#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/daemon/sock_diag.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const auto sequence = input.ConsumeIntegral<uint32_t>();
  std::vector<linux_::ListeningSocket> listeners;
  while (input.remaining_bytes() > 0) {
    // Cut in two at most, so that a datagram keeps its length from the corpus.
    std::string answer = input.ConsumeBool() ? fuzz::rest(input) : input.ConsumeRandomLengthString();
    answer.shrink_to_fit();
    const size_t before = listeners.size();
    const auto found = linux_::parseListeners(answer.data(), answer.size(), sequence, listeners);
    // A message is a header and a socket at least.
    fuzz::require(listeners.size() - before <= answer.size() / 88, "no more sockets than there is room for");
    for (size_t i = before; i < listeners.size(); i++) {
      const auto family = listeners[i].address.ss_family;
      fuzz::require(family == AF_INET || family == AF_INET6, "a socket has an address of IPv4 or IPv6");
    }
    if (!found || *found != linux_::DiagAnswer::kFound) break;
  }
  return 0;
}
