// bench-server: the server of the benchmarks (see net.h). Prints its port and serves until it is ended.
#include <sys/epoll.h>

#include <csignal>
#include <vector>

#include "bench/proxy/native/net.h"

using namespace flowtap;
using namespace flowtap::bench;

namespace {

struct Connection {
  size_t asked = 0;   // bytes of the request that came so far
  char wish = 0;
};

std::vector<Connection> connections;
std::vector<char> piece(kPiece, 'x');
const std::string answer(kAnswer, 'a');

void close(int fd) {
  ::close(fd);
  connections[static_cast<size_t>(fd)] = {};
}

void sendDown(int fd) {
  for (int i = 0; i < 16; i++) {
    const ssize_t n = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return close(fd);
  }
}

/// Level-triggered: what is left is told again.
void serve(int fd, uint32_t events) {
  Connection& connection = connections[static_cast<size_t>(fd)];
  if (connection.wish == kDown && events & EPOLLOUT) return sendDown(fd);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  const size_t room = connection.wish == kUp ? piece.size() : kRequest - connection.asked;
  const ssize_t n = ::recv(fd, piece.data(), room, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return close(fd);
  if (connection.wish == kUp) return;
  if (connection.asked == 0 && piece[0] != '#') return close(fd);
  if (connection.asked <= 1 && connection.asked + static_cast<size_t>(n) > 1) connection.wish = piece[1 - connection.asked];
  connection.asked += static_cast<size_t>(n);
  piece[0] = piece[1] = 'x';
  if (connection.asked < kRequest) return;
  connection.asked = 0;
  if (connection.wish == kDown) return sendDown(fd);
  if (connection.wish == kUp) return;
  if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0 || connection.wish == kOne) close(fd);
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  raiseDescriptors();
  Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening.get(), 4096) != 0 ||
      ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    die("bench-server");
  noDelay(listening.get());  // accepted sockets inherit it
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);

  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  const auto watch = [&](int fd, uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll.get(), operation, fd, &event);
  };
  watch(listening.get(), EPOLLIN, EPOLL_CTL_ADD);
  epoll_event events[256];
  for (;;) {
    const int count = ::epoll_wait(epoll.get(), events, 256, -1);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd != listening.get()) {
        const char before = connections[static_cast<size_t>(fd)].wish;
        serve(fd, events[i].events);
        if (before == 0 && connections[static_cast<size_t>(fd)].wish == kDown)
          watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        continue;
      }
      for (;;) {
        const int accepted = ::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) break;
        if (connections.size() <= static_cast<size_t>(accepted)) connections.resize(static_cast<size_t>(accepted) + 1024);
        connections[static_cast<size_t>(accepted)] = {};
        watch(accepted, EPOLLIN, EPOLL_CTL_ADD);
      }
    }
  }
}
