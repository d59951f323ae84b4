// Frames over a stream socket for a program that does one thing after the other (the launcher).
#pragma once
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/flow_pb.hpp"
#include "native/fd.h"

namespace flowtap::linux_ {

/// The other side went away, was silent for too long or broke the contract. what() is a sentence without a full stop.
struct FrameError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class FrameSocket {
 public:
  /// Takes a connected socket, blocking or not.
  explicit FrameSocket(Fd fd) : fd_(std::move(fd)) {}

  /// Sends one frame. The descriptors (at most kMaxDescriptors) travel with its first byte; they stay the caller's.
  void send(const wire::ClientFrame& frame, const std::vector<int>& descriptors = {});
  /// The next frame.
  wire::ProxyFrame receive(std::chrono::milliseconds patience);

  int fd() const { return fd_.get(); }
  Fd release() { return std::move(fd_); }

  static constexpr size_t kMaxFrame = 1u << 20;  // design: larger ends the connection
  static constexpr size_t kMaxDescriptors = 16;

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  void wait(short events, Deadline deadline);
  void fill(char* data, size_t size, Deadline deadline);

  Fd fd_;
};

}  // namespace flowtap::linux_
