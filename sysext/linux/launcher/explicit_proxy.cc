#include "sysext/linux/launcher/explicit_proxy.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace flowtap::linux_ {
namespace {

constexpr int kBacklog = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw CaptureImpossible({"socket-failed", "The explicit proxy's port could not be opened (" + what + ": " +
                                                std::generic_category().message(errno) + ")"});
}

Fd make(int family, int type, int protocol, const char* name) {
  Fd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd) fail(name);
  return fd;
}

void refuseSecondProxy() {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    throw CaptureImpossible(
        {"explicit-second-proxy", "The environment names a proxy already (" + std::string(name) +
                                      "), and in the mode \"explicit\" Flowtap cannot pass connections on to it. "
                                      "Unset it, or use another mode"});
  }
}

}  // namespace

Capture makeExplicitCapture() {
  refuseSecondProxy();
  Fd listener = make(AF_INET, SOCK_STREAM, 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(listener.get(), kBacklog) != 0) fail("listen");
  Capture capture;
  capture.mode = wire::Mode::kExplicit;
  capture.sockets.push_back({wire::SocketRole::kTcp4Listener, std::move(listener)});
  capture.sockets.push_back({wire::SocketRole::kSockDiag, make(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, "sock_diag")});
  return capture;
}

Variables proxyVariables(const Capture& capture) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(capture.sockets.front().fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const std::string place = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const std::string http = "http://" + place;
  const std::string socks = "socks5h://" + place;  // with the host's name, so that flows carry it
  return {
      // curl reads http_proxy in lower case only; others prefer the upper case.
      {"http_proxy", http},
      {"HTTP_PROXY", http},
      {"https_proxy", http},
      {"HTTPS_PROXY", http},
      {"all_proxy", socks},
      {"ALL_PROXY", socks},
      // Nothing is left out, localhost neither.
      {"no_proxy", ""},
      {"NO_PROXY", ""},
      {"npm_config_proxy", http},
      {"npm_config_https_proxy", http},
      {"npm_config_noproxy", ""},
      {"NODE_USE_ENV_PROXY", "1"},  // Node 24: fetch and http obey the variables above
  };
}

}  // namespace flowtap::linux_
