// The captured side of the tests. Every connection and datagram starts with the sender's pid; what comes back is printed.
#include "sysext/test/launcher/client.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "sysext/test/launcher/proxy.h"

namespace flowtap::test {
namespace {

struct Target {
  std::string host;
  uint16_t port;
  sockaddr_storage at() const { return address(host, port); }
};

int complain(const char* what) {
  std::printf("%s: %s\n", what, std::strerror(errno));
  std::fflush(stdout);
  return 7;
}

Fd makeSocket(const Target& target, int type) {
  Fd fd(::socket(target.at().ss_family, type | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

int connectTo(const Fd& fd, const Target& target) {
  const auto to = target.at();
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeOf(to));
}

/// Sends the pid, prints the answer.
int talk(const Fd& fd, bool print) {
  const std::string pid = std::to_string(::getpid());
  if (::send(fd.get(), pid.data(), pid.size(), MSG_NOSIGNAL) < 0) return complain("send");
  char answer[128];
  const ssize_t size = ::recv(fd.get(), answer, sizeof answer, 0);
  if (size < 0) return complain("recv");
  if (print) std::printf("%.*s\n", static_cast<int>(size), answer);
  std::fflush(stdout);
  return size > 0 ? 0 : 8;
}

int tcp(const Target& target, bool print = true) {
  const Fd fd = makeSocket(target, SOCK_STREAM);
  if (connectTo(fd, target) != 0) return complain("connect");
  return talk(fd, print);
}

/// Says its pid and is gone.
int forget(const Target& target) {
  const Fd fd = makeSocket(target, SOCK_STREAM);
  if (connectTo(fd, target) != 0) return complain("connect");
  const std::string pid = std::to_string(::getpid());
  return ::send(fd.get(), pid.data(), pid.size(), MSG_NOSIGNAL) < 0 ? complain("send") : 0;
}

int udp(const Target& target, bool connected) {
  const Fd fd = makeSocket(target, SOCK_DGRAM);
  if (connected) {
    if (connectTo(fd, target) != 0) return complain("connect");
    return talk(fd, true);
  }
  const auto to = target.at();
  const std::string pid = std::to_string(::getpid());
  if (::sendto(fd.get(), pid.data(), pid.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeOf(to)) < 0)
    return complain("sendto");
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  char answer[128];
  const ssize_t got = ::recvfrom(fd.get(), answer, sizeof answer, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return complain("recvfrom");
  std::printf("%.*s from %s\n", static_cast<int>(got), answer, text(from).c_str());
  return 0;
}

/// A server inside at `at`, reached through `through`.
int serve(int type, const std::string& at, const std::string& through) {
  auto here = address(at, 0);
  const Fd server(::socket(here.ss_family, type, 0));
  socklen_t size = sizeOf(here);
  if (::bind(server.get(), reinterpret_cast<sockaddr*>(&here), size) != 0) return complain("bind");
  if (type == SOCK_STREAM && ::listen(server.get(), 5) != 0) return complain("listen");
  ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&here), &size);
  const Target target{through, ntohs(reinterpret_cast<sockaddr_in&>(here).sin_port)};
  const Fd fd = makeSocket(target, type);
  if (connectTo(fd, target) != 0) return complain("connect");
  if (::send(fd.get(), "hello", 5, 0) != 5) return complain("send");
  const timeval patience{1, 0};
  ::setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Fd peer;
  if (type == SOCK_STREAM) {
    peer.reset(::accept(server.get(), nullptr, nullptr));
    if (!peer) return complain("the server");
  }
  char got[8]{};
  if (::recv(type == SOCK_STREAM ? peer.get() : server.get(), got, sizeof got, 0) != 5) return complain("the server");
  std::printf("inside\n");
  return 0;
}

/// Runs `work` in `count` children, which start together; the number of them that failed.
int children(int count, const std::function<int()>& work) {
  int gate[2];
  if (::pipe(gate) != 0) return count;
  std::vector<pid_t> pids;
  for (int i = 0; i < count; i++) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(gate[1]);
      char byte;
      (void)!::read(gate[0], &byte, 1);
      ::_exit(work());
    }
    pids.push_back(pid);
  }
  ::close(gate[1]);
  int failed = 0;
  for (const pid_t pid : pids) {
    int status = 1;
    ::waitpid(pid, &status, 0);
    failed += status != 0;
  }
  ::close(gate[0]);
  return failed;
}

/// `threads` threads connect, while the main thread has ended or not. Ends the process.
int threads(const Target& target, int count, bool mainEnds) {
  static Target to;
  static std::atomic<int> left;
  to = target;
  left = count;
  const auto work = [](void*) -> void* {
    const int failed = tcp(to, false);
    if (failed || --left == 0) ::_exit(failed);
    return nullptr;
  };
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    pthread_attr_t small;
    ::pthread_attr_init(&small);
    ::pthread_attr_setstacksize(&small, 256 * 1024);
    if (::pthread_create(&thread, &small, work, nullptr) != 0) return complain("pthread_create");
    ::pthread_detach(thread);
    if (i == 0 && mainEnds) ::sched_yield();
  }
  if (mainEnds) ::pthread_exit(nullptr);
  for (;;) ::pause();
}

/// The socket is made, a child gets it, and then the parent connects.
int inherited(const Target& target) {
  const Fd fd = makeSocket(target, SOCK_STREAM);
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const int failed = connectTo(fd, target) != 0 ? complain("connect") : talk(fd, false);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return failed;
}

/// Connects `times` times while `many` other sockets are open.
int crowded(const Target& target, int many, int times) {
  std::vector<Fd> others;
  for (int i = 0; i < many; i++) others.emplace_back(::socket(AF_INET, SOCK_DGRAM, 0));
  int failed = 0;
  for (int i = 0; i < times; i++) {
    others.erase(others.begin() + i);  // so that the next socket's number is in the middle
    failed += tcp(target, false);
  }
  return failed;
}

int ping(const std::string& host) {
  const Fd fd(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (!fd) return complain("socket");
  icmphdr echo{};
  echo.type = ICMP_ECHO;
  echo.checksum = static_cast<uint16_t>(~htons(ICMP_ECHO << 8));
  const auto to = address(host, 0);
  if (::sendto(fd.get(), &echo, sizeof echo, 0, reinterpret_cast<const sockaddr*>(&to), sizeOf(to)) < 0)
    return complain("sendto");
  std::printf("sent\n");
  return 0;
}

}  // namespace

int runClient(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  words.resize(8);
  const std::string& what = words[0];
  const auto number = [&words](size_t i) { return std::atoi(words[i].c_str()); };
  const Target target{words[1], static_cast<uint16_t>(number(2))};
  if (what == "tcp") return tcp(target);
  if (what == "udp") return udp(target, false);
  if (what == "udp-connected") return udp(target, true);
  if (what == "serve-tcp") return serve(SOCK_STREAM, words[1], words[2]);
  if (what == "serve-udp") return serve(SOCK_DGRAM, words[1], words[2]);
  if (what == "ping") return ping(words[1]);
  if (what == "burst")  // HOST PORT PROCESSES CONNECTIONS
    return children(number(3), [&] {
      int failed = 0;
      for (int i = 0; i < number(4); i++) failed += tcp(target, false);
      return failed;
    });
  if (what == "forget") return children(number(3), [&] { return forget(target); });  // HOST PORT PROCESSES
  if (what == "burst-udp")
    return children(number(3), [&] {
      int failed = 0;
      for (int i = 0; i < number(4); i++) failed += udp(target, i % 2 == 0);
      return failed;
    });
  if (what == "short") {  // HOST PORT PROCESSES: one after the other
    int failed = 0;
    for (int i = 0; i < number(3); i++) failed += children(1, [&] { return tcp(target, false); });
    return failed;
  }
  if (what == "threads") return children(1, [&] { return threads(target, number(3), number(4) != 0); });
  if (what == "inherited") return inherited(target);
  if (what == "crowded")  // HOST PORT PROCESSES SOCKETS CONNECTIONS
    return children(number(3), [&] { return crowded(target, number(4), number(5)); });
  if (what == "then-exec") {  // HOST PORT PROGRAM ARGUMENTS…: in a child, so that the namespace has two processes
    return children(1, [&] {
      if (const int failed = tcp(target, false)) return failed;
      ::execv(argv[3], argv + 3);
      return complain("execv");
    });
  }
  std::printf("no client %s\n", what.c_str());
  return 9;
}

}  // namespace flowtap::test
