// The kernel's answers to a batch and to a dump, from a socket that says anything.
#include <sys/socket.h>

#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/netlink.h"

using namespace flowtap;

namespace {

/// A netlink socket whose kernel gives these datagrams and then goes away.
linux_::NetlinkSocket kernel(FuzzedDataProvider& input) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  Fd far(ends[1]);
  for (int i = 0; i < 4 && input.remaining_bytes() > 0; i++) {
    const std::string datagram = input.ConsumeRandomLengthString(4096);
    if (!datagram.empty()) ::send(far.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
  }
  ::shutdown(far.get(), SHUT_WR);
  static Fd keep;  // a peer that is gone would refuse the request
  keep = std::move(far);
  return linux_::NetlinkSocket(Fd(ends[0]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const rtmsg header{};
  {
    linux_::NetlinkBatch batch;
    batch.add("adding a route", RTM_NEWROUTE, 0, header);
    batch.add("adding another", RTM_NEWROUTE, 0, header);
    if (const auto refusal = kernel(input).send(batch))
      fuzz::require(!refusal->describe().empty(), "a refusal has words");
  }
  const linux_::NetlinkMessage request(RTM_GETROUTE, NLM_F_DUMP, header);
  kernel(input).dump(request, [](const nlmsghdr& answer) {
    fuzz::require(answer.nlmsg_len >= sizeof answer, "a message has its header");
    const auto* bytes = reinterpret_cast<const char*>(&answer);
    size_t sum = 0;
    linux_::forEachAttribute(bytes + NLMSG_HDRLEN, answer.nlmsg_len - NLMSG_HDRLEN,
                             [&](uint16_t, const void* value, size_t length) {
                               for (size_t i = 0; i < length; i++) sum += static_cast<const unsigned char*>(value)[i];
                             });
    fuzz::require(sum <= size_t{255} * answer.nlmsg_len, "attributes lie within their message");
  });
  return 0;
}
