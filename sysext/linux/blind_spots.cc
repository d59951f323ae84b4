#include "sysext/linux/blind_spots.h"

namespace flowtap::linux_ {

std::vector<std::string> blindSpotsOf(wire::Mode mode, const Means& means) {
  std::vector<std::string> spots = {
      "Only programs that were started through Flowtap are seen.",
      "Unix domain sockets, also those of name services and of Docker, are not network traffic and pass unseen.",
  };
  const auto add = [&](const char* spot) { spots.emplace_back(spot); };
  if (mode == wire::Mode::kExplicit) {
    add("Only programs that obey http_proxy, ALL_PROXY and the like are seen; others connect past Flowtap.");
    add("Go programs and some others never use a proxy for localhost.");
    add("UDP is not seen: no DNS and no QUIC. Names are looked up by the proxy, in /etc/hosts and by DNS.");
    add("Servers inside are not seen: nobody connects to them through the proxy.");
    add("A connection that fails looks like a proxy's answer (HTTP 502 or 504, a SOCKS code), not like an error of "
        "connect().");
    return spots;
  }
  if (mode == wire::Mode::kRedirect) {
    add("UDP reaches nothing outside: DNS works over TCP only (\"options use-vc\" in resolv.conf), QUIC not at all.");
    if (!means.holds) add("A server inside cannot be reached through localhost, which always leads to the host's.");
  }
  if (!means.holds)
    add("Packets are not held (by choice, or for want of NFQUEUE in this kernel): connections are accepted before the "
        "server answers, one that fails looks like a reset, and programs that end at once may stay unnamed.");
  if (means.isReachable) add("Servers inside are reached from this machine only, at localhost and by TCP.");
  else add("Servers inside cannot be reached from outside: this kernel does not let the proxy in.");
  add("TCP and UDP only: ping (\"Operation not permitted\") and other raw sockets reach nothing outside.");
  add("Abstract Unix sockets of the host (some of X11 and D-Bus) cannot be reached from inside.");
  if (means.ordinaryUser) add("sudo and other setuid programs gain no privileges inside.");
  return spots;
}

}  // namespace flowtap::linux_
