// bench-subscriber: a client of flowtapd that reads as told, and counts what it is told.
//   bench-subscriber SOCKET [--body BYTES] [--pace BYTES-A-SECOND]      a pace of 0 does not read at all
// On SIGTERM it reads what is still there and prints its counts as one line of JSON.
#include <poll.h>

#include <csignal>
#include <vector>

#include "bench/proxy/native/net.h"
#include "gen/flow_pb.hpp"
#include "sysext/core/frame_reader.h"

using namespace flowtap;
using namespace flowtap::bench;

namespace {

volatile std::sig_atomic_t ending = 0;

struct Counts {
  uint64_t opened = 0, closed = 0, data = 0, counters = 0, snapshots = 0, resyncs = 0;
  uint64_t payload = 0, droppedFrames = 0, droppedBytes = 0, sent = 0;
} counts;

void take(const wire::ProxyFrame& frame) {
  if (frame.opened) counts.opened++;
  if (frame.counters) counts.counters++;
  if (frame.snapshotBegin) counts.snapshots++;
  if (frame.snapshotBegin && frame.snapshotBegin->resync) counts.resyncs++;
  if (frame.data) {
    counts.data++;
    counts.payload += frame.data->bytes.size();
  }
  if (frame.dropped) {
    counts.droppedFrames += frame.dropped->frames;
    counts.droppedBytes += frame.dropped->bytes;
  }
  if (frame.closed) {
    counts.closed++;
    counts.sent += frame.closed->bytesUp + frame.closed->bytesDown;
  }
  if (frame.refused) {
    std::fprintf(stderr, "refused: %s\n", frame.refused->text.c_str());
    std::exit(3);
  }
}

void send(int fd, const wire::ClientFrame& frame) {
  const std::string message = wire::serialise(frame);
  std::string bytes;
  for (int i = 0; i < 4; i++) bytes += static_cast<char>(message.size() >> (8 * i));
  bytes += message;
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) die("send");
}

Fd connectTo(const char* path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die(path);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  uint32_t body = 16384;
  long pace = -1;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--body") == 0) body = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--pace") == 0) pace = std::atol(argv[i + 1]);
  }
  struct sigaction action {};
  action.sa_handler = [](int) { ending = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  const Fd fd = connectTo(argv[1]);
  wire::ClientFrame hello, subscribe;
  hello.hello.emplace().versions = {1};
  hello.hello->client = "bench";
  send(fd.get(), hello);
  subscribe.subscribe.emplace().bodyLimit = body;
  send(fd.get(), subscribe);

  core::FrameReader reader;
  std::vector<char> buffer(256u << 10);
  bool ready = false;
  for (;;) {
    // What was said before the end is read to its end; then nothing comes for a moment.
    const bool toTheEnd = ending != 0;
    if (!toTheEnd && ready && pace >= 0) {
      const timespec second{1, 0};
      ::nanosleep(&second, nullptr);
      if (pace == 0) continue;
    }
    pollfd watched{fd.get(), POLLIN, 0};
    const int come = ::poll(&watched, 1, toTheEnd ? 500 : -1);
    if (come < 0) continue;
    if (come == 0) break;
    const size_t size = ready && pace > 0 && !toTheEnd ? static_cast<size_t>(pace) : buffer.size();
    const ssize_t n = ::recv(fd.get(), buffer.data(), std::min(size, buffer.size()), 0);
    if (n <= 0) break;
    reader.append(buffer.data(), static_cast<size_t>(n));
    std::string_view bytes;
    for (auto result = reader.next(bytes); result != core::FrameReader::Result::kMore; result = reader.next(bytes)) {
      wire::ProxyFrame frame;
      if (result != core::FrameReader::Result::kFrame || !wire::parse(bytes.data(), bytes.size(), frame)) {
        std::fprintf(stderr, "a frame that cannot be parsed\n");
        return 4;
      }
      take(frame);
      if (frame.snapshotEnd && !ready) {
        ready = true;
        std::printf("ready\n");
        std::fflush(stdout);
      }
    }
  }
  std::printf(
      "{\"opened\":%llu,\"closed\":%llu,\"data\":%llu,\"counters\":%llu,\"resyncs\":%llu,\"payload\":%llu,"
      "\"droppedFrames\":%llu,\"droppedBytes\":%llu,\"sent\":%llu}\n",
      static_cast<unsigned long long>(counts.opened), static_cast<unsigned long long>(counts.closed),
      static_cast<unsigned long long>(counts.data), static_cast<unsigned long long>(counts.counters),
      static_cast<unsigned long long>(counts.resyncs), static_cast<unsigned long long>(counts.payload),
      static_cast<unsigned long long>(counts.droppedFrames), static_cast<unsigned long long>(counts.droppedBytes),
      static_cast<unsigned long long>(counts.sent));
}
