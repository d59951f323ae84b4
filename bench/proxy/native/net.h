// What the load generator, the server and the subscriber of the benchmarks share.
//
// The protocol between load and server: a connection begins with a request of kRequest bytes, of which the second byte
// says what it wants. The first byte is none that HTTP or TLS could begin with, so proxies take it for plain TCP.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "native/fd.h"

namespace flowtap::bench {

constexpr size_t kRequest = 64;
constexpr size_t kAnswer = 1024;
constexpr size_t kPiece = 256u << 10;  ///< of bulk
enum Wish : char {
  kDown = 'd',  ///< bytes without end
  kUp = 'u',    ///< takes bytes without end
  kOne = 'o',   ///< one answer, then the server closes
  kAsk = 'a',   ///< an answer to this and to each further request
};

inline std::string request(Wish wish) {
  std::string text(kRequest, '.');
  text[0] = '#';
  text[1] = wish;
  return text;
}

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(2);
}

inline double now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// As many descriptors as this user may have.
inline void raiseDescriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

inline sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

inline void noDelay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace flowtap::bench
