// bench-load: the client of the benchmarks. Prints one line of JSON.
//   bench-load TEST --to PORT [--seconds S] [--count N] [--at-once N] [--through socks5|connect --server PORT] [--cpu-of PID]
// TEST: down, up (one connection, bytes), connect (connection, answer, end), ask (one connection, answers), idle (opens
// --count connections, asks once on each, and keeps them until standard input ends).
// --to: where to connect; --through: the handshake of a proxy there. --cpu-of: the CPU time of this process and its
// children is taken in the same moments as the figures.
#include <dirent.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <vector>

#include "bench/proxy/native/net.h"

using namespace flowtap;
using namespace flowtap::bench;

namespace {

struct Options {
  std::string test, through;
  uint16_t to = 0, server = 0;
  double seconds = 1;
  long count = 0, atOnce = 32;
  std::vector<int> cpuOf;
} options;

/// Nanoseconds on a CPU of all threads of the processes that are watched.
double cpuSeconds() {
  double total = 0;
  for (const int pid : options.cpuOf) {
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    DIR* folder = ::opendir(tasks.c_str());
    if (!folder) continue;
    while (const dirent* entry = ::readdir(folder)) {
      if (entry->d_name[0] == '.') continue;
      FILE* file = std::fopen((tasks + "/" + entry->d_name + "/schedstat").c_str(), "re");
      unsigned long long nanos = 0;
      if (file && std::fscanf(file, "%llu", &nanos) == 1) total += static_cast<double>(nanos) * 1e-9;
      if (file) std::fclose(file);
    }
    ::closedir(folder);
  }
  return total;
}

/// What is measured between two moments.
struct Span {
  double began = now(), cpuBegan = cpuSeconds(), seconds = 0, cpu = 0;
  bool over() const { return now() - began >= options.seconds; }
  void end() {
    seconds = now() - began;
    cpu = cpuSeconds() - cpuBegan;
  }
  void print(const char* fields) const {
    std::printf("{\"test\":\"%s\",\"seconds\":%.6f,\"cpu\":%.6f,%s}\n", options.test.c_str(), seconds, cpu, fields);
  }
};

/// What is said before the request, and how many bytes answer it (0: until an empty line).
struct Prologue {
  std::string say;
  size_t answer;
};
std::vector<Prologue> prologue() {
  const auto port = options.server;
  if (options.through == "socks5")
    return {{std::string("\x05\x01\x00", 3), 2},
            {std::string("\x05\x01\x00\x01\x7f\x00\x00\x01", 8) + static_cast<char>(port >> 8) + static_cast<char>(port), 10}};
  const std::string place = "127.0.0.1:" + std::to_string(port);
  if (options.through == "connect") return {{"CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n\r\n", 0}};
  return {};
}
bool answered(const Prologue& step, const std::string& got) {
  return step.answer ? got.size() >= step.answer : got.find("\r\n\r\n") != std::string::npos;
}

void sendAll(int fd, const std::string& bytes) {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) die("send");
}

/// A connection on which the proxy's handshake is over.
Fd connected() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(options.to);
  if (!fd) die("socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  noDelay(fd.get());
  const timeval patience{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (const Prologue& step : prologue()) {
    sendAll(fd.get(), step.say);
    std::string got;
    for (char c; !answered(step, got); got += c)
      if (::recv(fd.get(), &c, 1, 0) != 1) die("handshake");
  }
  return fd;
}

size_t receive(int fd, char* data, size_t size) {
  const ssize_t n = ::recv(fd, data, size, 0);
  if (n <= 0) die("recv");
  return static_cast<size_t>(n);
}

void bulk(Wish wish) {
  const Fd fd = connected();
  sendAll(fd.get(), request(wish));
  std::vector<char> piece(kPiece, 'x');
  uint64_t bytes = 0;
  const auto move = [&] {
    if (wish == kDown) {
      bytes += receive(fd.get(), piece.data(), piece.size());
    } else {
      const ssize_t n = ::send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (n < 0) die("send");
      bytes += static_cast<uint64_t>(n);
    }
  };
  for (const double start = now(); now() - start < 0.1;) move();  // until windows and buffers have their size
  bytes = 0;
  Span span;
  while (!span.over()) move();
  span.end();
  span.print(("\"bytes\":" + std::to_string(bytes)).c_str());
}

/// One request and its answer.
void ask(int fd) {
  static std::array<char, kAnswer> answer;
  sendAll(fd, request(kAsk));
  for (size_t got = 0; got < kAnswer;) got += receive(fd, answer.data(), kAnswer - got);
}

void latency() {
  const Fd fd = connected();
  for (int i = 0; i < 200; i++) ask(fd.get());
  std::vector<double> times;
  times.reserve(1 << 17);
  Span span;
  while (!span.over()) {
    const double before = now();
    ask(fd.get());
    times.push_back(now() - before);
  }
  span.end();
  std::sort(times.begin(), times.end());
  const auto micros = [&](double part) { return times[static_cast<size_t>(static_cast<double>(times.size()) * part)] * 1e6; };
  char text[200];
  std::snprintf(text, sizeof text, "\"count\":%zu,\"p50\":%.2f,\"p99\":%.2f", times.size(), micros(0.5), micros(0.99));
  span.print(text);
}

void idle() {
  std::vector<Fd> all;
  for (long i = 0; i < options.count; i++) {
    all.push_back(connected());
    ask(all.back().get());
  }
  std::printf("{\"test\":\"idle\",\"count\":%zu}\n", all.size());
  std::fflush(stdout);
  char end;
  while (::read(STDIN_FILENO, &end, 1) > 0) {
  }
}

/// Many short connections at once.
class Connects {
 public:
  void run() {
    Span span;
    for (;;) {
      while (open_ < options.atOnce && begun_ < options.count && !span.over()) begin();
      if (open_ == 0) break;
      epoll_event events[256];
      const int count = ::epoll_wait(epoll_.get(), events, 256, 10'000);
      if (count == 0) {
        for (long i = 0; i < open_; i++) failed("no answer within 10 s");
        break;
      }
      for (int i = 0; i < count; i++) go(events[i].data.fd);
    }
    span.end();
    std::string failures;
    long count = 0;
    for (const auto& [what, times] : failures_) {
      failures += (count ? "; " : "") + what + " (" + std::to_string(times) + ")";
      count += times;
    }
    span.print(("\"count\":" + std::to_string(done_) + ",\"failed\":" + std::to_string(count) +
                ",\"failures\":\"" + failures + "\"").c_str());
  }

 private:
  struct State {
    size_t step = 0;       // of the prologue
    bool asked = false;    // ... was said and its answer has not come
    size_t got = 0;
    std::string text;
  };

  void begin() {
    begun_++;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    const sockaddr_in address = loopback(options.to);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
      failed(std::string("connect: ") + std::strerror(errno));
      ::close(fd);
      return;
    }
    if (states_.size() <= static_cast<size_t>(fd)) states_.resize(static_cast<size_t>(fd) + 64);
    states_[static_cast<size_t>(fd)] = {};
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    open_++;
  }
  void finish(int fd) {
    open_--;
    ::close(fd);
  }
  void failed(const std::string& how) { failures_[how]++; }
  void go(int fd) {
    State& state = states_[static_cast<size_t>(fd)];
    for (;;) {
      if (!state.asked) {
        const std::string& say = state.step < steps_.size() ? steps_[state.step].say : request_;
        const ssize_t n = ::send(fd, say.data(), say.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n != static_cast<ssize_t>(say.size())) {
          failed(std::string("the first send: ") + std::strerror(errno));
          return finish(fd);
        }
        state.asked = true;
      }
      char data[2048];
      const ssize_t n = ::recv(fd, data, sizeof data, 0);
      if (n < 0 && errno == EAGAIN) return;
      const bool good = n == 0 && state.got >= kAnswer;
      if (good) done_++;
      else if (n <= 0)
        failed((n < 0 ? std::strerror(errno) : "the end") + (" after " + std::to_string(state.got)) + " bytes of the answer");
      if (n <= 0) return finish(fd);
      if (state.step == steps_.size()) {
        state.got += static_cast<size_t>(n);
        continue;
      }
      state.text.append(data, static_cast<size_t>(n));
      if (!answered(steps_[state.step], state.text)) continue;
      state.text.clear();
      state.step++;
      state.asked = false;
    }
  }

  const Fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  const std::vector<Prologue> steps_ = prologue();
  const std::string request_ = request(kOne);
  std::vector<State> states_;
  long begun_ = 0, open_ = 0, done_ = 0;
  std::map<std::string, long> failures_;
};

void parse(int argc, char** argv) {
  if (argc > 1) options.test = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--to") options.to = static_cast<uint16_t>(std::stoi(value));
    else if (name == "--server") options.server = static_cast<uint16_t>(std::stoi(value));
    else if (name == "--through") options.through = value;
    else if (name == "--seconds") options.seconds = std::stod(value);
    else if (name == "--count") options.count = std::stol(value);
    else if (name == "--at-once") options.atOnce = std::stol(value);
    else if (name == "--cpu-of") options.cpuOf.push_back(std::stoi(value));
    else {
      std::fprintf(stderr, "bench-load: unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  raiseDescriptors();
  parse(argc, argv);
  if (options.test == "down") bulk(kDown);
  else if (options.test == "up") bulk(kUp);
  else if (options.test == "ask") latency();
  else if (options.test == "idle") idle();
  else if (options.test == "connect") Connects().run();
  else {
    std::fprintf(stderr, "bench-load: no test %s\n", options.test.c_str());
    return 2;
  }
}
