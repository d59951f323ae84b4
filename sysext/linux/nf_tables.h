// nf_tables rules by netlink, without the nft program: one atomic batch makes a table, its chains and its rules.
// A rule is written as the `nft` text that it equals, which also names it when the kernel refuses it, followed by its
// expressions in the same order:
//
//   rules.rule(chain, "udp dport 53 accept").l4Protocol(IPPROTO_UDP).destinationPort(53).accept();
#pragma once
#include <netinet/in.h>  // before the kernel's own headers, which then leave out what it defines

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <optional>
#include <string>

#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {

struct Ipv4Network {
  in_addr address;
  unsigned prefix;  ///< bits, 0..32
};

/// The expressions of one rule. Each call adds one statement or one match. In tables of one version of IP the matches on
/// addresses say so once more, which does no harm.
class NfRule {
 public:
  explicit NfRule(NetlinkMessage& message);

  // ---- matches
  NfRule& l4Protocol(uint8_t protocol);             ///< meta l4proto PROTOCOL
  NfRule& mark(uint32_t value);                     ///< meta mark VALUE
  NfRule& to(const Ipv4Network& network);           ///< ip daddr NETWORK
  NfRule& notTo(const Ipv4Network& network);        ///< ip daddr != NETWORK
  NfRule& to(const in6_addr& address);              ///< ip6 daddr ADDRESS
  NfRule& notTo(const in6_addr& address);           ///< ip6 daddr != ADDRESS
  NfRule& notL4Protocol(uint8_t protocol);          ///< meta l4proto != PROTOCOL
  NfRule& tcpFlags(uint8_t mask, uint8_t value);    ///< tcp flags & MASK == VALUE
  NfRule& notTcpFlags(uint8_t mask, uint8_t value); ///< tcp flags & MASK != VALUE
  NfRule& icmpType(uint8_t protocol, uint8_t type); ///< icmp type TYPE, icmpv6 type TYPE
  /// socket transparent 0: a socket in the namespace takes the packet, and it is not one of the proxy's.
  NfRule& ordinarySocket();

  // ---- statements
  NfRule& accept() { return verdict(NF_ACCEPT); }
  NfRule& drop() { return verdict(NF_DROP); }
  NfRule& setMark(uint32_t value);  ///< meta mark set VALUE
  NfRule& tproxy(uint16_t port);    ///< tproxy to :PORT
  NfRule& redirect(uint16_t port);  ///< redirect to :PORT
  /// queue flags bypass to NUMBER: held until a program says what becomes of it; goes on where no program listens.
  NfRule& queue(uint16_t number);
  /// The same by the module that iptables uses, for kernels without nft_queue. Not in tables of family inet.
  NfRule& queueByXtables(uint16_t number);

 private:
  class Expression;
  NfRule& meta(nft_meta_keys key);
  NfRule& payload(nft_payload_bases base, uint32_t offset, uint32_t size);
  NfRule& maskBy(const void* mask, uint32_t size);
  NfRule& compare(nft_cmp_ops operation, const void* value, size_t size);
  NfRule& load(const void* value, size_t size);
  NfRule& verdict(int code);
  NfRule& family(uint8_t family);
  NfRule& ipv4Destination(nft_cmp_ops operation, const Ipv4Network& network);
  NfRule& ipv6Destination(nft_cmp_ops operation, const in6_addr& address);

  NetlinkMessage& message_;
  const NetlinkMessage::Nest expressions_;
};

/// A table, of both versions of IP where the family is inet, and what is in it.
class NfTable {
 public:
  explicit NfTable(std::string name, uint8_t family = NFPROTO_INET);

  struct Chain {
    std::string name;
  };
  /// type TYPE hook HOOK priority PRIORITY; policy accept
  Chain chain(const std::string& name, const std::string& type, nf_inet_hooks hook, int priority);
  /// Appends a rule; `nft` is its text.
  NfRule rule(const Chain& chain, const std::string& nft);

  /// Makes all of it in the current network namespace, or nothing. The first refusal, if any.
  std::optional<NetlinkRefusal> commit();

 private:
  NetlinkMessage& add(std::string what, nf_tables_msg_types type, uint16_t flags);

  const std::string name_;
  const uint8_t family_;
  NetlinkBatch batch_;
};

}  // namespace flowtap::linux_
