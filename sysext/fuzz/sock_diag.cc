// The kernel's answer to a look-up of a socket.
#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/daemon/sock_diag.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const auto sequence = input.ConsumeIntegral<uint32_t>();
  const auto port = input.ConsumeIntegral<uint16_t>();
  const std::string answer = fuzz::rest(input);
  linux_::SocketIdentity identity;
  const auto found = linux_::parseDiagAnswer(answer.data(), answer.size(), sequence, port, identity);
  if (found != linux_::DiagAnswer::kFound)
    fuzz::require(identity.inode == 0 && identity.uid == 0, "no answer, no identity");
  return 0;
}
