#include "sysext/linux/daemon/raw_packet.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sysext/linux/daemon/address.h"

namespace flowtap::daemon {
namespace {

constexpr uint8_t kHops = 64;
constexpr size_t kMaxPayload4 = 65535 - sizeof(iphdr) - sizeof(udphdr);
constexpr size_t kMaxPayload6 = 65535 - sizeof(udphdr);

using core::Address;

/// The kernel fills in identification and checksum (raw(7)).
iphdr header4(uint8_t protocol, const Address& source, const Address& destination, size_t payload) {
  iphdr header{};
  header.version = 4;
  header.ihl = 5;
  header.ttl = kHops;
  header.protocol = protocol;
  header.tot_len = htons(static_cast<uint16_t>(sizeof header + payload));
  std::memcpy(&header.saddr, source.bytes.data(), 4);
  std::memcpy(&header.daddr, destination.bytes.data(), 4);
  return header;
}

ip6_hdr header6(uint8_t protocol, const Address& source, const Address& destination, size_t payload) {
  ip6_hdr header{};
  header.ip6_flow = htonl(6u << 28);
  header.ip6_plen = htons(static_cast<uint16_t>(payload));
  header.ip6_nxt = protocol;
  header.ip6_hlim = kHops;
  std::memcpy(&header.ip6_src, source.bytes.data(), 16);
  std::memcpy(&header.ip6_dst, destination.bytes.data(), 16);
  return header;
}

udphdr headerUdp(const Address& source, const Address& destination, size_t payload) {
  udphdr header{};
  header.source = htons(source.port);
  header.dest = htons(destination.port);
  header.len = htons(static_cast<uint16_t>(sizeof header + payload));
  return header;
}

/// Of TCP over either version of IP: over addresses, protocol and length (RFC 9293, section 3.1).
uint16_t checksumTcp(const Address& source, const Address& destination, const tcphdr& header) {
  uint32_t sum = checksum(source.bytes.data(), source.size, IPPROTO_TCP + sizeof header);
  sum = checksum(destination.bytes.data(), destination.size, sum);
  return htons(static_cast<uint16_t>(~checksum(&header, sizeof header, sum)));
}

/// The upper-layer checksum of IPv6 (RFC 8200, section 8.1) over a transport header and what follows.
uint16_t checksum6(const ip6_hdr& header, const void* transport, size_t size) {
  uint32_t sum = checksum(&header.ip6_src, 32, 0);
  sum += static_cast<uint32_t>(size) + header.ip6_nxt;
  sum = checksum(transport, size, sum);
  const auto result = static_cast<uint16_t>(~sum);
  return result == 0 ? 0xFFFF : htons(result);
}

int send(int raw, const void* packet, size_t size, Address destination) {
  destination.port = 0;  // a raw IPv6 socket takes a port for a protocol number
  const sockaddr_storage to = toSockaddr(destination);
  if (::sendto(raw, packet, size, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeOf(to)) >= 0) return 0;
  return errno;
}

}  // namespace

uint32_t checksum(const void* data, size_t size, uint32_t sum) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint64_t total = sum;
  for (; size > 1; size -= 2, bytes += 2) total += static_cast<uint32_t>(bytes[0] << 8 | bytes[1]);
  if (size) total += static_cast<uint32_t>(bytes[0] << 8);
  while (total >> 16) total = (total & 0xFFFF) + (total >> 16);
  return static_cast<uint32_t>(total);
}

int sendUdp(int raw, const Address& source, const Address& destination, char* payload, size_t size) {
  udphdr udp = headerUdp(source, destination, size);
  char* transport = payload - sizeof udp;
  if (source.size == 4) {
    if (size > kMaxPayload4) return EMSGSIZE;
    // No UDP checksum: it is optional over IPv4, and the packet never leaves this machine's memory.
    const iphdr ip = header4(IPPROTO_UDP, source, destination, sizeof udp + size);
    std::memcpy(transport, &udp, sizeof udp);
    std::memcpy(transport - sizeof ip, &ip, sizeof ip);
    return send(raw, transport - sizeof ip, sizeof ip + sizeof udp + size, destination);
  }
  if (size > kMaxPayload6) return EMSGSIZE;
  const ip6_hdr ip = header6(IPPROTO_UDP, source, destination, sizeof udp + size);
  std::memcpy(transport, &udp, sizeof udp);
  udp.check = checksum6(ip, transport, sizeof udp + size);
  std::memcpy(transport, &udp, sizeof udp);
  std::memcpy(transport - sizeof ip, &ip, sizeof ip);
  return send(raw, transport - sizeof ip, sizeof ip + sizeof udp + size, destination);
}

namespace {

/// The start of a transport header: all that ICMP has to quote (RFC 792), and all that the kernel looks at.
using Quoted = std::array<char, 8>;

/// ICMP or ICMPv6 "destination unreachable" from `server`, about a packet that `client` sent it.
int sendIcmp(int raw, const Address& server, const Address& client, uint8_t protocol, const Quoted& start,
             uint8_t code) {
  char packet[128];
  char* at = packet;
  const auto put = [&](const void* part, size_t size) {
    std::memcpy(at, part, size);
    at += size;
  };
  if (server.size == 4) {
    const iphdr quoted = header4(protocol, client, server, start.size());
    icmphdr icmp{};
    icmp.type = ICMP_DEST_UNREACH;
    icmp.code = code;
    const size_t size = sizeof icmp + sizeof quoted + start.size();
    const iphdr ip = header4(IPPROTO_ICMP, server, client, size);
    put(&ip, sizeof ip);
    char* message = at;
    put(&icmp, sizeof icmp);
    put(&quoted, sizeof quoted);
    put(start.data(), start.size());
    icmp.checksum = htons(static_cast<uint16_t>(~checksum(message, size, 0)));
    std::memcpy(message, &icmp, sizeof icmp);
  } else {
    const ip6_hdr quoted = header6(protocol, client, server, start.size());
    icmp6_hdr icmp{};
    icmp.icmp6_type = ICMP6_DST_UNREACH;
    icmp.icmp6_code = code;
    const size_t size = sizeof icmp + sizeof quoted + start.size();
    const ip6_hdr ip = header6(IPPROTO_ICMPV6, server, client, size);
    put(&ip, sizeof ip);
    char* message = at;
    put(&icmp, sizeof icmp);
    put(&quoted, sizeof quoted);
    put(start.data(), start.size());
    icmp.icmp6_cksum = checksum6(ip, message, size);
    std::memcpy(message, &icmp, sizeof icmp);
  }
  return send(raw, packet, static_cast<size_t>(at - packet), client);
}

/// The code that makes the kernel's connect() fail with `error` (icmp_err_convert and icmpv6_err_convert of Linux).
uint8_t unreachableCode(bool v4, int error) {
  switch (error) {
    case ENETUNREACH:
    case ENETDOWN: return v4 ? ICMP_NET_UNREACH : ICMP6_DST_UNREACH_NOROUTE;
    // ICMP over IPv4 has no word for it.
    case EACCES:
    case EPERM: return v4 ? ICMP_HOST_UNREACH : ICMP6_DST_UNREACH_ADMIN;
    case EHOSTDOWN: return v4 ? ICMP_HOST_UNKNOWN : ICMP6_DST_UNREACH_ADDR;
    default: return v4 ? ICMP_HOST_UNREACH : ICMP6_DST_UNREACH_ADDR;
  }
}

}  // namespace

int sendPortUnreachable(int raw, const Address& server, const Address& client) {
  return sendDatagramUnreachable(raw, server, client, server.size == 4 ? ICMP_PORT_UNREACH : ICMP6_DST_UNREACH_NOPORT);
}

int sendDatagramUnreachable(int raw, const Address& server, const Address& client, uint8_t code) {
  const udphdr header = headerUdp(client, server, 0);
  Quoted start;
  static_assert(sizeof header == start.size());
  std::memcpy(start.data(), &header, sizeof header);
  return sendIcmp(raw, server, client, IPPROTO_UDP, start, code);
}

int sendUnreachable(int raw, const Address& server, const Address& client, uint32_t sequence, int error) {
  const uint16_t ports[] = {htons(client.port), htons(server.port)};
  sequence = htonl(sequence);
  Quoted start;
  std::memcpy(start.data(), ports, sizeof ports);
  std::memcpy(start.data() + sizeof ports, &sequence, sizeof sequence);
  return sendIcmp(raw, server, client, IPPROTO_TCP, start, unreachableCode(server.size == 4, error));
}

int sendRefusal(int raw, const Address& server, const Address& client, uint32_t sequence) {
  tcphdr tcp{};
  tcp.source = htons(server.port);
  tcp.dest = htons(client.port);
  tcp.ack_seq = htonl(sequence + 1);
  tcp.doff = sizeof tcp / 4;
  tcp.rst = 1;
  tcp.ack = 1;
  tcp.check = checksumTcp(server, client, tcp);
  char packet[sizeof(ip6_hdr) + sizeof tcp];
  size_t size = 0;
  if (server.size == 4) {
    const iphdr ip = header4(IPPROTO_TCP, server, client, sizeof tcp);
    std::memcpy(packet, &ip, size = sizeof ip);
  } else {
    const ip6_hdr ip = header6(IPPROTO_TCP, server, client, sizeof tcp);
    std::memcpy(packet, &ip, size = sizeof ip);
  }
  std::memcpy(packet + size, &tcp, sizeof tcp);
  return send(raw, packet, size + sizeof tcp, client);
}

}  // namespace flowtap::daemon
