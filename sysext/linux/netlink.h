// Netlink: messages, the socket they go through, and what the kernel says to them.
#pragma once
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "native/fd.h"

namespace flowtap::linux_ {

/// One message: header, the family's own header, attributes (which may nest).
class NetlinkMessage {
 public:
  template <typename FamilyHeader>
  NetlinkMessage(uint16_t type, uint16_t flags, const FamilyHeader& header) {
    nlmsghdr start{};
    start.nlmsg_type = type;
    start.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
    append(&start, sizeof start);
    append(&header, sizeof header);
  }

  void attribute(uint16_t type, const void* data, size_t size);
  void text(uint16_t type, const std::string& value) { attribute(type, value.c_str(), value.size() + 1); }
  void number(uint16_t type, uint32_t value) { attribute(type, &value, sizeof value); }
  /// nf_tables wants its numbers in network order.
  void networkNumber(uint16_t type, uint32_t value) { number(type, htonl(value)); }

  /// Attributes added while it lives are inside.
  class Nest {
   public:
    Nest(NetlinkMessage& message, uint16_t type);
    ~Nest();
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    NetlinkMessage& message_;
    const size_t start_;
  };
  Nest nest(uint16_t type) { return Nest(*this, type); }

  /// The finished message.
  std::string bytes(uint32_t sequence) const;

 private:
  void append(const void* data, size_t size);
  std::string bytes_;
};

/// Messages that go to the kernel together, each with the words that name it when it is refused.
class NetlinkBatch {
 public:
  struct Item {
    NetlinkMessage message;
    std::string what;
    bool acknowledged;
  };
  template <typename FamilyHeader>
  NetlinkMessage& add(std::string what, uint16_t type, uint16_t flags, const FamilyHeader& header,
                      bool acknowledged = true) {
    const auto all = static_cast<uint16_t>(flags | (acknowledged ? NLM_F_ACK : 0));
    items_.push_back({NetlinkMessage(type, all, header), std::move(what), acknowledged});
    return items_.back().message;
  }
  const std::deque<Item>& items() const { return items_; }

 private:
  std::deque<Item> items_;  // a deque, so that add()'s references stay good
};

/// Why the kernel refused a message.
struct NetlinkRefusal {
  std::string what;  ///< the refused message, in the words of NetlinkBatch::add
  int error = 0;     ///< errno
  std::string text;  ///< the kernel's own words (extended acknowledgement), often empty
  /// "adding the route X: No such device (the kernel's words)"
  std::string describe() const;
};

class NetlinkSocket {
 public:
  /// `fd` is a netlink socket. Throws nothing.
  explicit NetlinkSocket(Fd fd);
  /// Opens one in the current network namespace; empty, with errno set, where the kernel has no such protocol.
  static std::optional<NetlinkSocket> open(int protocol);

  /// Sends the batch in one datagram and reads every answer. The first refusal, if any.
  std::optional<NetlinkRefusal> send(const NetlinkBatch& batch);

  /// The socket, for other uses.
  Fd release() { return std::move(fd_); }

  /// Sends a dump request and calls back with each message of the answer. False where it failed or was cut short.
  bool dump(const NetlinkMessage& request, const std::function<void(const nlmsghdr&)>& each);

 private:
  Fd fd_;
  uint32_t sequence_ = 1;
};

/// Calls back with each attribute in [data, data + size); stops at a malformed one.
void forEachAttribute(const void* data, size_t size,
                      const std::function<void(uint16_t type, const void* value, size_t size)>& each);

}  // namespace flowtap::linux_
