// Between the kernel's socket addresses and the core's.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "sysext/core/flow.h"

namespace flowtap::daemon {

inline socklen_t sizeOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

inline core::Address toAddress(const sockaddr_storage& from) {
  core::Address to;
  if (from.ss_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &from, sizeof in);
    to.size = 4;
    to.port = ntohs(in.sin_port);
    std::memcpy(to.bytes.data(), &in.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &from, sizeof in);
    to.size = 16;
    to.port = ntohs(in.sin6_port);
    std::memcpy(to.bytes.data(), &in.sin6_addr, 16);
  }
  return to;
}

inline sockaddr_storage toSockaddr(const core::Address& from) {
  sockaddr_storage to{};
  if (from.size == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(from.port);
    std::memcpy(&in.sin_addr, from.bytes.data(), 4);
    std::memcpy(&to, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(from.port);
    std::memcpy(&in.sin6_addr, from.bytes.data(), 16);
    std::memcpy(&to, &in, sizeof in);
  }
  return to;
}

inline bool isLoopback(const core::Address& address) {
  if (address.size == 4) return address.bytes[0] == 127;
  return std::memcmp(address.bytes.data(), in6addr_loopback.s6_addr, sizeof in6addr_loopback) == 0;
}

}  // namespace flowtap::daemon
