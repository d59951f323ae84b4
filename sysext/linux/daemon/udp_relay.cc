#include "sysext/linux/daemon/udp_relay.h"

#include <netinet/in.h>  // before the kernel's own headers, which then leave out what it defines
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <linux/errqueue.h>
#include <sys/epoll.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sysext/core/close_reasons.h"
#include "sysext/core/dns_message.h"
#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/raw_packet.h"

namespace flowtap::daemon {
namespace {

using core::Address;
using core::Direction;

constexpr int kBatch = 8;
constexpr int kBatchesPerTurn = 8;
constexpr size_t kDatagramBytes = 65536;

/// A batch of datagrams, received by one call.
struct Batch {
  mmsghdr messages[kBatch]{};
  iovec parts[kBatch];
  sockaddr_storage sources[kBatch];
  alignas(cmsghdr) char controls[kBatch][256];

  template <typename BufferAt>
  int receive(int socket, bool withControls, BufferAt&& bufferAt) {
    for (int i = 0; i < kBatch; i++) {
      parts[i] = {bufferAt(i), kDatagramBytes};
      msghdr& header = messages[i].msg_hdr;
      header = {};
      header.msg_name = &sources[i];
      header.msg_namelen = sizeof sources[i];
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
      if (withControls) {
        header.msg_control = controls[i];
        header.msg_controllen = sizeof controls[i];
      }
    }
    return ::recvmmsg(socket, messages, kBatch, MSG_DONTWAIT, nullptr);
  }
  std::string_view datagram(int i) const {
    return {static_cast<const char*>(parts[i].iov_base), messages[i].msg_len};
  }
};

/// IP_RECVORIGDSTADDR's answer: where the program sent the datagram to.
bool originalDestination(msghdr& message, sockaddr_storage& destination) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    const bool v4 = part->cmsg_level == SOL_IP && part->cmsg_type == IP_ORIGDSTADDR;
    const bool v6 = part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_ORIGDSTADDR;
    if (!v4 && !v6) continue;
    std::memcpy(&destination, CMSG_DATA(part), v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    return true;
  }
  return false;
}

/// A host or a router on the way says so; which code of it ends a program's call is for the program's kernel to know.
bool isUnreachable(const sock_extended_err& error) {
  return (error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == ICMP_DEST_UNREACH) ||
         (error.ee_origin == SO_EE_ORIGIN_ICMP6 && error.ee_type == ICMP6_DST_UNREACH);
}

}  // namespace

// ---- from the program ----

UdpRelay::UdpRelay(EventLoop& loop, core::Engine& engine, Capture& capture, Fd datagrams, Fd raw, int family)
    : loop_(loop),
      engine_(engine),
      capture_(capture),
      datagrams_(std::move(datagrams)),
      raw_(std::move(raw)),
      family_(family) {}

bool UdpRelay::start() { return loop_.watch(datagrams_.get(), EPOLLIN | EPOLLET, *this); }

void UdpRelay::stop(core::CloseReason reason) {
  while (!conversations_.empty()) conversations_.begin()->second->stop(reason, 0);
  loop_.unwatch(datagrams_.get());
  datagrams_.reset();
  loop_.retire(*this);
}

char* UdpRelay::buffer(int index) {
  // One memory for all relays: it is used only within one call.
  static std::vector<char> memory(kBatch * (kPacketHeadroom + kDatagramBytes));
  return memory.data() + static_cast<size_t>(index) * (kPacketHeadroom + kDatagramBytes) + kPacketHeadroom;
}

void UdpRelay::onEvents(uint32_t, unsigned) { receive(); }
void UdpRelay::onAgain() { receive(); }

void UdpRelay::receive() {
  Batch batch;
  int failures = 0;
  for (int round = 0; round < kBatchesPerTurn; round++) {
    const int count = batch.receive(datagrams_.get(), true, [&](int i) { return buffer(i); });
    if (count < 0 && (errno == EAGAIN || ++failures == kBatchesPerTurn)) return;
    for (int i = 0; i < count; i++) {
      sockaddr_storage destination{};
      if (!originalDestination(batch.messages[i].msg_hdr, destination)) continue;
      passUp(toAddress(batch.sources[i]), toAddress(destination), batch.datagram(i));
    }
  }
  loop_.again(*this);
}

void UdpRelay::passUp(const Address& client, const Address& peer, std::string_view datagram) {
  UdpConversation* conversation = nullptr;
  if (const auto known = conversations_.find({client, peer}); known != conversations_.end()) {
    conversation = known->second;
  } else if (UdpClient* from = clientAt(client)) {
    conversation = converse(*from, peer);
    // A socket that has nobody to talk to is of no use.
    if (!conversation && from->conversations_ == 0) from->release();
  }
  if (!conversation) return;
  if (peer.port == core::kDnsPort) capture_.names().query(conversation->exchange(), datagram);
  if (conversation->datagram(Direction::kUp, datagram)) conversation->send(datagram);
}

/// An answer that comes when its program has given up asking is not used any more.
void UdpRelay::learn(const UdpConversation& conversation, std::string_view answer) {
  const core::DnsExchange exchange = conversation.exchange();
  if (capture_.hasDatagramSocket(toSockaddr(exchange.client), toSockaddr(exchange.server)))
    capture_.names().answer(exchange, answer, engine_.clock().steadyMillis());
}

UdpClient* UdpRelay::clientAt(const Address& address) {
  if (const auto known = clients_.find(address); known != clients_.end()) return known->second;
  Fd socket(::socket(family_, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || isReserved(socket.get())) {
    const int error = socket ? EMFILE : errno;
    short_ = true;
    engine_.countRefused();
    engine_.setNotice("UDP datagrams are lost: " + std::generic_category().message(error) +
                      ". Raise the limit of open files (ulimit -n) of the proxy.");
    return nullptr;
  }
  if (std::exchange(short_, false)) engine_.setNotice("");
  const int on = 1;
  // ICMP errors with the peer they belong to, although the socket is not connected.
  ::setsockopt(socket.get(), family_ == AF_INET ? SOL_IP : SOL_IPV6, family_ == AF_INET ? IP_RECVERR : IPV6_RECVERR,
               &on, sizeof on);
  if (family_ == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  auto* client = new UdpClient(*this, address, std::move(socket));
  if (!loop_.watch(client->socket_.get(), EPOLLIN | EPOLLET, *client)) {
    delete client;
    engine_.countRefused();
    return nullptr;
  }
  clients_.emplace(address, client);
  return client;
}

UdpConversation* UdpRelay::converse(UdpClient& client, const Address& peer) {
  auto* conversation = new UdpConversation(
      *this, client, capture_.describe(core::Protocol::kUdp, toSockaddr(client.address_), toSockaddr(peer)), peer);
  client.conversations_++;
  conversations_.emplace(AddressPair{client.address_, peer}, conversation);
  return conversation->begin() ? conversation : nullptr;
}

// ---- from the host's network ----

UdpClient::UdpClient(UdpRelay& relay, const Address& address, Fd socket)
    : relay_(relay), address_(address), socket_(std::move(socket)) {}

void UdpClient::onEvents(uint32_t events, unsigned) {
  if (events & EPOLLERR) receiveErrors();
  if (socket_) receive();
}

void UdpClient::onAgain() {
  if (socket_) receive();
}

void UdpClient::receive() {
  Batch batch;
  int failures = 0;
  for (int round = 0; round < kBatchesPerTurn; round++) {
    const int count = batch.receive(socket_.get(), false, [&](int i) { return relay_.buffer(i); });
    // An error is of an earlier datagram and is gone once it is read; one that stays must not keep the loop awake.
    if (count < 0 && (errno == EAGAIN || ++failures == kBatchesPerTurn)) return;
    for (int i = 0; i < count; i++) {
      const Address peer = toAddress(batch.sources[i]);
      const std::string_view datagram = batch.datagram(i);
      const auto known = relay_.conversations_.find({address_, peer});
      // Somebody the program did not write to. Its socket decides whether to take that, as it would without a proxy.
      UdpConversation* conversation =
          known != relay_.conversations_.end() ? known->second : relay_.converse(*this, peer);
      if (!conversation) continue;
      if (peer.port == core::kDnsPort) relay_.learn(*conversation, datagram);
      if (conversation->datagram(Direction::kDown, datagram)) conversation->deliver(relay_.buffer(i), datagram.size());
      if (!socket_) return;
    }
  }
  relay_.loop_.again(*this);
}

void UdpClient::receiveErrors() {
  for (int i = 0; i < 64 && socket_; i++) {
    char quoted[64];
    iovec part{quoted, sizeof quoted};
    sockaddr_storage peer{};
    alignas(cmsghdr) char control[512];
    msghdr message{};
    message.msg_name = &peer;
    message.msg_namelen = sizeof peer;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(socket_.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
      const bool v4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR;
      const bool v6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR;
      if (!v4 && !v6) continue;
      sock_extended_err error;
      std::memcpy(&error, CMSG_DATA(c), sizeof error);
      const Address server = toAddress(peer);
      const auto known = relay_.conversations_.find({address_, server});
      if (known == relay_.conversations_.end() || error.ee_errno == EMSGSIZE) continue;
      if (isUnreachable(error)) sendDatagramUnreachable(relay_.raw_.get(), server, address_, error.ee_code);
      known->second->stop(core::connectFailure(static_cast<int>(error.ee_errno)), static_cast<int>(error.ee_errno));
    }
  }
}

void UdpClient::release() {
  if (!socket_) return;
  socket_.reset();
  relay_.clients_.erase(address_);
  relay_.loop_.retire(*this);
}

// ---- conversations ----

UdpConversation::UdpConversation(UdpRelay& relay, UdpClient& client, core::FlowStart start, const Address& peer)
    : DatagramFlow(relay.engine_, std::move(start)), relay_(relay), client_(client), peer_(peer) {}

core::DnsExchange UdpConversation::exchange() const {
  return {client_.address_, peer_, about.process ? about.process->info.pid : 0};
}

void UdpConversation::send(std::string_view datagram) {
  const sockaddr_storage to = toSockaddr(peer_);
  for (int attempt = 0; attempt < 2; attempt++) {
    const ssize_t sent = ::sendto(client_.socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&to), sizeOf(to));
    if (sent >= 0 || errno == EAGAIN) return;  // a full buffer loses datagrams, as everywhere
    const int error = errno;
    // An error can be of an earlier datagram to another peer: it is in the error queue, and sending works now.
    if (attempt == 0 && (error == ECONNREFUSED || core::isUnreachable(error))) {
      client_.receiveErrors();
      if (!live()) return;
      continue;
    }
    return stop(core::connectFailure(error), error);
  }
}

void UdpConversation::deliver(char* datagram, size_t size) {
  const int error = sendUdp(relay_.raw_.get(), peer_, client_.address_, datagram, size);
  if (error != 0 && error != EAGAIN) stop(core::CloseReason::kProxyError, error);
}

void UdpConversation::pass(Direction direction, std::string_view payload) {
  if (direction == Direction::kUp) return send(payload);
  // The headers of a raw packet are written in front of its payload. Nothing is being received now.
  char* datagram = relay_.buffer(0);
  std::memcpy(datagram, payload.data(), payload.size());
  deliver(datagram, payload.size());
}

void UdpConversation::refuse() { sendPortUnreachable(relay_.raw_.get(), peer_, client_.address_); }

void UdpConversation::released() {
  relay_.conversations_.erase({client_.address_, peer_});
  if (--client_.conversations_ == 0) client_.release();
  relay_.loop_.discard(this);
}

}  // namespace flowtap::daemon
