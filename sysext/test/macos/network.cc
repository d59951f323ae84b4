#include "sysext/test/macos/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "native/fd.h"

namespace flowtap::macos::test {
namespace {

constexpr uint8_t kAddress[4] = {198, 51, 100, 1};
std::string problem = "makeNetwork() was not called";

bool writeFile(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool unshared() {
  if (::unshare(CLONE_NEWNET) == 0) return true;
  const std::string uid = std::to_string(::getuid()), gid = std::to_string(::getgid());
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && writeFile("/proc/self/setgroups", "deny") &&
         writeFile("/proc/self/uid_map", uid + " " + uid + " 1") && writeFile("/proc/self/gid_map", gid + " " + gid + " 1");
}

bool up(const char* name, const uint8_t* address) {
  const Fd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (address) {
    auto* const to = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
    to->sin_family = AF_INET;
    std::memcpy(&to->sin_addr, address, 4);
    if (::ioctl(control.get(), SIOCSIFADDR, &request) != 0) return false;
  }
  request.ifr_flags = IFF_UP;
  return ::ioctl(control.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

std::string makeNetwork() {
  const bool made = unshared() && up("lo", nullptr) && up("lo:1", kAddress);
  problem = made ? "" : std::string("no network namespace can be made here: ") + std::strerror(errno);
  return problem;
}
const std::string& networkProblem() { return problem; }

core::Address networkAddress(uint16_t port) {
  core::Address address;
  address.size = 4;
  address.port = port;
  std::memcpy(address.bytes.data(), kAddress, 4);
  return address;
}

}  // namespace flowtap::macos::test
