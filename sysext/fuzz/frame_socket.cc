// What a launcher reads from a proxy.
#include <sys/socket.h>
#include <unistd.h>

#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/frame_socket.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return -1;  // more would not fit into the socket, which nobody reads meanwhile
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  Fd proxy(ends[1]);
  linux_::FrameSocket launcher{Fd(ends[0])};
  fuzz::require(::send(proxy.get(), data, size, MSG_DONTWAIT) == static_cast<ssize_t>(size), "the input fits");
  proxy.reset();
  try {
    for (;;) launcher.receive(std::chrono::milliseconds(0));
  } catch (const linux_::FrameError& e) {
    fuzz::require(*e.what() != '\0', "an error has words");
  }
  return 0;
}
