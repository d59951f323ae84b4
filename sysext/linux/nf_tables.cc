#include "sysext/linux/nf_tables.h"

#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>

#include <cerrno>
#include <cstring>

namespace flowtap::linux_ {
namespace {

// One register is enough: every match loads it and compares it at once.
constexpr uint32_t kRegister = NFT_REG_1;

// Offsets in the headers, in bytes (RFC 791, 8200, 9293, 792, 4443).
constexpr uint32_t kIpv4Destination = 16;
constexpr uint32_t kIpv6Destination = 24;
constexpr uint32_t kTcpFlags = 13;
constexpr uint32_t kIcmpType = 0;

in_addr maskOf(unsigned prefix) {
  in_addr mask{};
  mask.s_addr = prefix == 0 ? 0 : htonl(~uint32_t{0} << (32 - prefix));
  return mask;
}

nfgenmsg generic(uint8_t family, uint16_t resource = 0) { return {family, NFNETLINK_V0, htons(resource)}; }

}  // namespace

/// NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA { … } }: attributes added while it lives are the expression's own.
class NfRule::Expression {
 public:
  Expression(NetlinkMessage& message, const char* name)
      : element_(message, NFTA_LIST_ELEM), data_(named(message, name), NFTA_EXPR_DATA) {}

 private:
  static NetlinkMessage& named(NetlinkMessage& message, const char* name) {
    message.text(NFTA_EXPR_NAME, name);
    return message;
  }
  const NetlinkMessage::Nest element_;
  const NetlinkMessage::Nest data_;
};

NfRule::NfRule(NetlinkMessage& message) : message_(message), expressions_(message, NFTA_RULE_EXPRESSIONS) {}

// ---- expressions

NfRule& NfRule::meta(nft_meta_keys key) {
  const Expression expression(message_, "meta");
  message_.networkNumber(NFTA_META_KEY, key);
  message_.networkNumber(NFTA_META_DREG, kRegister);
  return *this;
}

NfRule& NfRule::payload(nft_payload_bases base, uint32_t offset, uint32_t size) {
  const Expression expression(message_, "payload");
  message_.networkNumber(NFTA_PAYLOAD_DREG, kRegister);
  message_.networkNumber(NFTA_PAYLOAD_BASE, base);
  message_.networkNumber(NFTA_PAYLOAD_OFFSET, offset);
  message_.networkNumber(NFTA_PAYLOAD_LEN, size);
  return *this;
}

NfRule& NfRule::maskBy(const void* mask, uint32_t size) {
  const Expression expression(message_, "bitwise");
  message_.networkNumber(NFTA_BITWISE_SREG, kRegister);
  message_.networkNumber(NFTA_BITWISE_DREG, kRegister);
  message_.networkNumber(NFTA_BITWISE_LEN, size);
  {
    const auto nest = message_.nest(NFTA_BITWISE_MASK);
    message_.attribute(NFTA_DATA_VALUE, mask, size);
  }
  const auto nest = message_.nest(NFTA_BITWISE_XOR);
  message_.attribute(NFTA_DATA_VALUE, std::string(size, '\0').data(), size);
  return *this;
}

NfRule& NfRule::compare(nft_cmp_ops operation, const void* value, size_t size) {
  const Expression expression(message_, "cmp");
  message_.networkNumber(NFTA_CMP_SREG, kRegister);
  message_.networkNumber(NFTA_CMP_OP, operation);
  const auto nest = message_.nest(NFTA_CMP_DATA);
  message_.attribute(NFTA_DATA_VALUE, value, size);
  return *this;
}

NfRule& NfRule::load(const void* value, size_t size) {
  const Expression expression(message_, "immediate");
  message_.networkNumber(NFTA_IMMEDIATE_DREG, kRegister);
  const auto nest = message_.nest(NFTA_IMMEDIATE_DATA);
  message_.attribute(NFTA_DATA_VALUE, value, size);
  return *this;
}

NfRule& NfRule::verdict(int code) {
  const Expression expression(message_, "immediate");
  message_.networkNumber(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  const auto data = message_.nest(NFTA_IMMEDIATE_DATA);
  const auto nest = message_.nest(NFTA_DATA_VERDICT);
  message_.networkNumber(NFTA_VERDICT_CODE, static_cast<uint32_t>(code));
  return *this;
}

// ---- matches

NfRule& NfRule::family(uint8_t family) { return meta(NFT_META_NFPROTO).compare(NFT_CMP_EQ, &family, sizeof family); }

NfRule& NfRule::l4Protocol(uint8_t protocol) {
  return meta(NFT_META_L4PROTO).compare(NFT_CMP_EQ, &protocol, sizeof protocol);
}

NfRule& NfRule::notL4Protocol(uint8_t protocol) {
  return meta(NFT_META_L4PROTO).compare(NFT_CMP_NEQ, &protocol, sizeof protocol);
}

NfRule& NfRule::mark(uint32_t value) { return meta(NFT_META_MARK).compare(NFT_CMP_EQ, &value, sizeof value); }

NfRule& NfRule::ipv4Destination(nft_cmp_ops operation, const Ipv4Network& network) {
  const in_addr mask = maskOf(network.prefix);
  const in_addr masked{network.address.s_addr & mask.s_addr};
  family(NFPROTO_IPV4).payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv4Destination, sizeof masked);
  if (network.prefix < 32) maskBy(&mask, sizeof mask);
  return compare(operation, &masked, sizeof masked);
}

NfRule& NfRule::ipv6Destination(nft_cmp_ops operation, const in6_addr& address) {
  family(NFPROTO_IPV6).payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv6Destination, sizeof address);
  return compare(operation, &address, sizeof address);
}

NfRule& NfRule::to(const Ipv4Network& network) { return ipv4Destination(NFT_CMP_EQ, network); }
NfRule& NfRule::notTo(const Ipv4Network& network) { return ipv4Destination(NFT_CMP_NEQ, network); }
NfRule& NfRule::to(const in6_addr& address) { return ipv6Destination(NFT_CMP_EQ, address); }
NfRule& NfRule::notTo(const in6_addr& address) { return ipv6Destination(NFT_CMP_NEQ, address); }

NfRule& NfRule::tcpFlags(uint8_t mask, uint8_t value) {
  return l4Protocol(IPPROTO_TCP)
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, kTcpFlags, sizeof mask)
      .maskBy(&mask, sizeof mask)
      .compare(NFT_CMP_EQ, &value, sizeof value);
}

NfRule& NfRule::notTcpFlags(uint8_t mask, uint8_t value) {
  return l4Protocol(IPPROTO_TCP)
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, kTcpFlags, sizeof mask)
      .maskBy(&mask, sizeof mask)
      .compare(NFT_CMP_NEQ, &value, sizeof value);
}

NfRule& NfRule::icmpType(uint8_t protocol, uint8_t type) {
  return l4Protocol(protocol)
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, kIcmpType, sizeof type)
      .compare(NFT_CMP_EQ, &type, sizeof type);
}

NfRule& NfRule::ordinarySocket() {
  {
    const Expression expression(message_, "socket");
    message_.networkNumber(NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
    message_.networkNumber(NFTA_SOCKET_DREG, kRegister);
  }
  const uint8_t no = 0;
  return compare(NFT_CMP_EQ, &no, sizeof no);
}

// ---- statements

NfRule& NfRule::setMark(uint32_t value) {
  load(&value, sizeof value);
  const Expression expression(message_, "meta");
  message_.networkNumber(NFTA_META_KEY, NFT_META_MARK);
  message_.networkNumber(NFTA_META_SREG, kRegister);
  return *this;
}

NfRule& NfRule::tproxy(uint16_t port) {
  const uint16_t networkPort = htons(port);
  load(&networkPort, sizeof networkPort);
  const Expression expression(message_, "tproxy");
  message_.networkNumber(NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
  message_.networkNumber(NFTA_TPROXY_REG_PORT, kRegister);
  return *this;
}

NfRule& NfRule::redirect(uint16_t port) {
  const uint16_t networkPort = htons(port);
  load(&networkPort, sizeof networkPort);
  const Expression expression(message_, "redir");
  message_.networkNumber(NFTA_REDIR_REG_PROTO_MIN, kRegister);
  return *this;
}

NfRule& NfRule::queue(uint16_t number) {
  const Expression expression(message_, "queue");
  const uint16_t words[] = {htons(number), htons(1), htons(NFT_QUEUE_FLAG_BYPASS)};
  message_.attribute(NFTA_QUEUE_NUM, &words[0], sizeof words[0]);
  message_.attribute(NFTA_QUEUE_TOTAL, &words[1], sizeof words[1]);
  message_.attribute(NFTA_QUEUE_FLAGS, &words[2], sizeof words[2]);
  return *this;
}

NfRule& NfRule::queueByXtables(uint16_t number) {
  const Expression expression(message_, "target");
  message_.text(NFTA_TARGET_NAME, "NFQUEUE");
  message_.networkNumber(NFTA_TARGET_REV, 3);
  // The kernel wants the structure's size aligned as in its own memory.
  alignas(uint64_t) char info[XT_ALIGN(sizeof(xt_NFQ_info_v3))]{};
  const xt_NFQ_info_v3 target{number, 1, NFQ_FLAG_BYPASS};
  std::memcpy(info, &target, sizeof target);
  message_.attribute(NFTA_TARGET_INFO, info, sizeof info);
  return *this;
}

// ---- tables

NfTable::NfTable(std::string name, uint8_t family) : name_(std::move(name)), family_(family) {
  batch_.add("starting an nf_tables batch", NFNL_MSG_BATCH_BEGIN, 0, generic(AF_UNSPEC, NFNL_SUBSYS_NFTABLES), false);
  const char* const version = family == NFPROTO_INET ? "inet " : family == NFPROTO_IPV6 ? "ip6 " : "ip ";
  add("table " + (version + name_), NFT_MSG_NEWTABLE, NLM_F_CREATE).text(NFTA_TABLE_NAME, name_);
}

NetlinkMessage& NfTable::add(std::string what, nf_tables_msg_types type, uint16_t flags) {
  return batch_.add(std::move(what), static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
                    generic(family_));
}

NfTable::Chain NfTable::chain(const std::string& name, const std::string& type, nf_inet_hooks hook, int priority) {
  auto& message = add("chain " + name + " { type " + type + " }", NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  message.text(NFTA_CHAIN_TABLE, name_);
  message.text(NFTA_CHAIN_NAME, name);
  {
    const auto nest = message.nest(NFTA_CHAIN_HOOK);
    message.networkNumber(NFTA_HOOK_HOOKNUM, hook);
    message.networkNumber(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(priority));
  }
  message.networkNumber(NFTA_CHAIN_POLICY, NF_ACCEPT);
  message.text(NFTA_CHAIN_TYPE, type);
  return {name};
}

NfRule NfTable::rule(const Chain& chain, const std::string& nft) {
  auto& message = add("rule \"" + nft + "\" in chain " + chain.name, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  message.text(NFTA_RULE_TABLE, name_);
  message.text(NFTA_RULE_CHAIN, chain.name);
  return NfRule(message);
}

std::optional<NetlinkRefusal> NfTable::commit() {
  batch_.add("ending an nf_tables batch", NFNL_MSG_BATCH_END, 0, generic(AF_UNSPEC, NFNL_SUBSYS_NFTABLES), false);
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return NetlinkRefusal{"opening a netfilter socket", errno, ""};
  return socket->send(batch_);
}

}  // namespace flowtap::linux_
