// Relays the datagrams of one capture and one address family. Each socket of a captured program gets one socket in the
// host's network, from which it talks to all its peers, so that peers see one source address (STUN, QUIC) and answers
// from an address that was not asked (TFTP) arrive. Each peer is a flow of its own.
#pragma once
#include <sys/socket.h>

#include <unordered_map>

#include "native/fd.h"
#include "sysext/core/datagram_flow.h"
#include "sysext/core/host_names.h"
#include "sysext/linux/daemon/address_pair.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/event_loop.h"

namespace flowtap::daemon {

class Capture;
class UdpClient;
class UdpConversation;

class UdpRelay final : public EventHandler {
 public:
  /// `datagrams`: gets what the programs send, with the original destination; `raw`: for the replies.
  UdpRelay(EventLoop& loop, core::Engine& engine, Capture& capture, Fd datagrams, Fd raw, int family);
  bool start();
  /// Ends every conversation, closes and retires it.
  void stop(core::CloseReason reason);
  /// Whether a program has sent what was not read yet.
  bool hasUnread() const { return daemon::hasUnread(datagrams_.get()); }

 private:
  friend class UdpClient;
  friend class UdpConversation;
  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;
  void receive();
  void passUp(const core::Address& client, const core::Address& peer, std::string_view datagram);
  /// Null where there are no descriptors, or no more flows are allowed.
  UdpConversation* converse(UdpClient& client, const core::Address& peer);
  void learn(const UdpConversation& conversation, std::string_view answer);
  UdpClient* clientAt(const core::Address& address);
  /// In front of each buffer there is kPacketHeadroom.
  char* buffer(int index);

  EventLoop& loop_;
  core::Engine& engine_;
  Capture& capture_;
  Fd datagrams_;
  const Fd raw_;
  const int family_;
  bool short_ = false;  // of descriptors, when it last needed one
  std::unordered_map<core::Address, UdpClient*, AddressHash> clients_;
  std::unordered_map<AddressPair, UdpConversation*, AddressPairHash> conversations_;
};

/// One socket of a captured program, as the host's network sees it.
class UdpClient final : public EventHandler {
 public:
  UdpClient(UdpRelay& relay, const core::Address& address, Fd socket);

 private:
  friend class UdpRelay;
  friend class UdpConversation;
  void onEvents(uint32_t events, unsigned tag) override;
  void onAgain() override;
  void receive();
  void receiveErrors();
  void release();

  UdpRelay& relay_;
  const core::Address address_;
  Fd socket_;
  uint32_t conversations_ = 0;
};

class UdpConversation final : public core::DatagramFlow {
 public:
  UdpConversation(UdpRelay& relay, UdpClient& client, core::FlowStart start, const core::Address& peer);
  /// Of name servers.
  core::DnsExchange exchange() const;
  /// To the peer.
  void send(std::string_view datagram);
  /// To the program. There is kPacketHeadroom in front of it.
  void deliver(char* datagram, size_t size);

 private:
  void pass(core::Direction direction, std::string_view payload) override;
  void refuse() override;
  void released() override;

  UdpRelay& relay_;
  UdpClient& client_;
  const core::Address peer_;
};

}  // namespace flowtap::daemon
