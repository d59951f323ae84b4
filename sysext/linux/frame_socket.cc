#include "sysext/linux/frame_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace flowtap::linux_ {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSendPatience{10000};

[[noreturn]] void fail(const std::string& text, int error) {
  throw FrameError(text + ": " + std::generic_category().message(error));
}

std::string withHeader(const std::string& message) {
  const auto size = static_cast<uint32_t>(message.size());
  const char header[4] = {static_cast<char>(size), static_cast<char>(size >> 8), static_cast<char>(size >> 16),
                          static_cast<char>(size >> 24)};
  return std::string(header, sizeof header) + message;
}

}  // namespace

void FrameSocket::wait(short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    pollfd watched{fd_.get(), events, 0};
    const int ready = ::poll(&watched, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return;
    if (ready == 0) throw FrameError("the proxy did not answer in time");
    if (errno != EINTR) fail("waiting for the proxy failed", errno);
  }
}

void FrameSocket::send(const wire::ClientFrame& frame, const std::vector<int>& descriptors) {
  if (descriptors.size() > kMaxDescriptors) throw FrameError("too many descriptors for one frame");
  const std::string bytes = withHeader(wire::serialise(frame));
  const auto deadline = steady_clock::now() + kSendPatience;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)]{};
  for (size_t done = 0; done < bytes.size();) {
    iovec part{const_cast<char*>(bytes.data()) + done, bytes.size() - done};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (done == 0 && !descriptors.empty()) {
      const size_t size = descriptors.size() * sizeof(int);
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(size);
      cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(size);
      std::memcpy(CMSG_DATA(rights), descriptors.data(), size);
    }
    const ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent > 0) done += static_cast<size_t>(sent);
    else if (errno == EAGAIN) wait(POLLOUT, deadline);
    else if (errno != EINTR) fail("sending to the proxy failed", errno);
  }
}

void FrameSocket::fill(char* data, size_t size, Deadline deadline) {
  for (size_t done = 0; done < size;) {
    wait(POLLIN, deadline);
    const ssize_t got = ::recv(fd_.get(), data + done, size - done, MSG_DONTWAIT);
    if (got > 0) done += static_cast<size_t>(got);
    else if (got == 0) throw FrameError("the proxy closed the connection");
    else if (errno != EINTR && errno != EAGAIN) fail("reading from the proxy failed", errno);
  }
}

wire::ProxyFrame FrameSocket::receive(milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  unsigned char header[4];
  fill(reinterpret_cast<char*>(header), sizeof header, deadline);
  const size_t size = header[0] | header[1] << 8 | header[2] << 16 | static_cast<size_t>(header[3]) << 24;
  if (size == 0 || size > kMaxFrame)
    throw FrameError("the proxy sent a frame of " + std::to_string(size) + " bytes, which is no Flowtap frame");
  std::string bytes(size, '\0');
  fill(bytes.data(), size, deadline);
  wire::ProxyFrame frame;
  if (!wire::parse(bytes.data(), bytes.size(), frame)) throw FrameError("the proxy sent a frame that cannot be parsed");
  return frame;
}

}  // namespace flowtap::linux_
