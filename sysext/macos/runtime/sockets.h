// The proxy's own sockets towards the network. The system leaves the extension's traffic out of its own proxy.
#pragma once
#include "sysext/core/ne_datagrams.h"
#include "sysext/core/ne_stream.h"
#include "sysext/macos/runtime/loop.h"

namespace flowtap::macos {

/// `interface`: index of the one that the program bound its socket to; 0: none.
class TcpSocket final : public core::NeServerSocket, private Watched {
 public:
  TcpSocket(Loop& loop, uint32_t interface) : loop_(loop), interface_(interface) {}
  ~TcpSocket() override;
  /// Whom to tell; it owns this.
  void attach(core::NeStream& stream) { stream_ = &stream; }
  /// After sleep: whether the server is still there is asked at once, not when the next data is due.
  void askSoon(bool soon);

 private:
  int dial(const core::Address& to) override;
  long read(char* data, size_t size) override;
  long write(const char* data, size_t size) override;
  void shutdownWrite() override;
  void close(bool reset) override;
  void wait(bool input, bool output) override;
  int fd() const override { return socket_.get(); }
  short events() const override { return events_; }
  void onEvents(short events) override;

  Loop& loop_;
  const uint32_t interface_;
  core::NeStream* stream_ = nullptr;
  Fd socket_;
  short events_ = 0;
  bool dialling_ = false;
};

class UdpSocket final : public core::NeDatagramSocket {
 public:
  UdpSocket(Loop& loop, uint32_t interface) : loop_(loop), interface_(interface) {}
  ~UdpSocket() override { close(); }
  void attach(core::NeDatagrams& flow) { flow_ = &flow; }

 private:
  /// One of an address family.
  struct Half final : Watched {
    UdpSocket* of = nullptr;
    Fd socket;
    int fd() const override { return socket.get(); }
    short events() const override;
    void onEvents(short events) override;
  };
  int send(const core::Address& to, const std::string& bytes) override;
  bool receive(core::NeDatagram& datagram) override;
  void close() override;
  void wait(bool input) override { waiting_ = input; }

  Loop& loop_;
  const uint32_t interface_;
  core::NeDatagrams* flow_ = nullptr;
  Half halves_[2];  // IPv4, IPv6
  bool waiting_ = true;
};

}  // namespace flowtap::macos
