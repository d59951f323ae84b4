#include "sysext/macos/app/health.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>

#include "gen/flow_pb.hpp"
#include "native/fd.h"
#include "sysext/core/frame_reader.h"
#include "sysext/core/version.h"

namespace flowtap::macos::app {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// One connection, as long as it takes.
class Line {
 public:
  explicit Line(int patience) : patience_(patience) {}

  ConnectError connect(const std::string& endpoint, const std::string& requirement, std::string& text) {
    std::mutex mutex;
    std::condition_variable came;
    bool done = false;
    ConnectError result = ConnectError::kNone;
    {
      const auto client = Client::connect(endpoint, requirement, "", [&](ConnectError error, const std::string& why, int fd) {
        const std::lock_guard<std::mutex> lock(mutex);
        result = error;
        text = why;
        socket_.reset(fd);
        done = true;
        came.notify_one();
      });
      std::unique_lock<std::mutex> lock(mutex);
      came.wait(lock, [&] { return done; });  // the rendezvous has a limit of its own
    }
    return result;
  }

  void send(const wire::ClientFrame& frame) {
    const std::string message = wire::serialise(frame);
    std::string bytes;
    for (int i = 0; i < 4; i++) bytes += static_cast<char>(message.size() >> (8 * i));
    bytes += message;
    // A few hundred bytes at most on a fresh socket: they fit.
    if (::write(socket_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) socket_.reset();
  }

  /// Reads frames until one is what `found` waits for; false where the time is over or the proxy has gone.
  bool await(const std::function<bool(const wire::ProxyFrame&)>& found) {
    const SteadyTime until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_);
    for (;;) {
      std::string_view bytes;
      core::FrameReader::Result result;
      while ((result = reader_.next(bytes)) == core::FrameReader::Result::kFrame) {
        wire::ProxyFrame frame;
        if (!wire::parse(bytes.data(), bytes.size(), frame)) return false;
        if (found(frame)) return true;
      }
      if (result != core::FrameReader::Result::kMore || !receive(until)) return false;
    }
  }

 private:
  bool receive(SteadyTime until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd watched{socket_.get(), POLLIN, 0};
    if (!socket_ || left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) return false;
    char data[16384];
    const ssize_t size = ::read(socket_.get(), data, sizeof data);
    if (size > 0) reader_.append(data, static_cast<size_t>(size));
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
  }

  const int patience_;
  Fd socket_;
  core::FrameReader reader_;
};

bool hello(Line& line, Health& health) {
  wire::ClientFrame frame;
  wire::Hello& mine = frame.hello.emplace();
  mine.versions = {core::kWireVersion};
  mine.client = "app";
  mine.build = core::kBuild;
  line.send(frame);
  return line.await([&](const wire::ProxyFrame& answer) {
           if (answer.welcome) health.build = answer.welcome->build;
           if (answer.refused) health.refusal = answer.refused->text;
           return answer.welcome || answer.refused;
         }) &&
         health.refusal.empty();
}

/// From the flow core through this subscriber's queue to here.
bool probe(Line& line, uint64_t nonce) {
  wire::ClientFrame frame;
  frame.probe.emplace().nonce = nonce;
  line.send(frame);
  const std::string expected = std::to_string(nonce);
  return line.await([&](const wire::ProxyFrame& answer) { return answer.data && answer.data->bytes == expected; });
}

/// From the kernel through the system and the provider.
void synthetic(Line& line, const HealthCheck& how, uint16_t port, Health& health) {
  wire::ClientFrame frame;
  frame.subscribe.emplace();
  line.send(frame);
  if (!line.await([](const wire::ProxyFrame& answer) { return answer.snapshotEnd.has_value(); })) return;
  const core::Address to = core::neSyntheticAddress(port);
  const int dialled = how.dial(to);
  const Fd connection(dialled);
  const std::string address(reinterpret_cast<const char*>(to.bytes.data()), to.size);
  health.seen = line.await([&](const wire::ProxyFrame& answer) {
    const auto& opened = answer.opened;
    return opened && opened->process && opened->process->pid == how.pid && opened->destination &&
           opened->destination->port == port && opened->destination->address == address;
  });
  if (!health.seen && dialled < 0) health.dialError = -dialled;
}

}  // namespace

Health check(const HealthCheck& how) {
  std::random_device random;
  Health health;
  Line line(how.patience);
  health.connect = line.connect(how.endpoint, how.requirement, health.connectText);
  if (health.connect != ConnectError::kNone) {
    for (const std::string& other : how.others) {
      std::string ignored;
      if (Line(how.patience).connect(other, how.requirement, ignored) == ConnectError::kNone) health.staleAnswers = true;
    }
    return health;
  }
  if (!hello(line, health)) return health;
  health.answered = probe(line, static_cast<uint64_t>(random()) << 32 | random());
  if (health.answered) synthetic(line, how, static_cast<uint16_t>(49152 + random() % 16384), health);
  return health;
}

int dialTcp(const core::Address& to) {
  Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  if (!socket) return -errno;
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  std::memcpy(&address.sin_addr, to.bytes.data(), sizeof address.sin_addr);
  const int result = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result != 0 && errno != EINPROGRESS && errno != ECONNREFUSED) return -errno;
  return socket.release();
}

}  // namespace flowtap::macos::app
