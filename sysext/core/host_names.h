// Which name a program asked for before it connected to an address: by the DNS conversations that were relayed. A flow
// gets the right name or none, so only an answer counts that its program would take, and a name only where no other can
// be meant.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sysext/core/flow.h"

namespace flowtap::core {

/// Who asks whom. A pid of 0: unknown.
struct DnsExchange {
  Address client, server;
  uint32_t pid = 0;
};

class HostNames {
 public:
  using Name = std::shared_ptr<const std::string>;

  explicit HostNames(size_t limit = 4096) : limit_(limit) {}

  /// A datagram to a name server. Anything but a query changes nothing.
  void query(const DnsExchange& exchange, std::string_view message);
  /// A datagram from a name server that reaches the program. It counts where it answers a query: same ends, id and
  /// question (RFC 5452, section 9.1). `now`: steady milliseconds.
  void answer(const DnsExchange& exchange, std::string_view message, uint64_t now);

  /// The name that the process asked for; if it asked for none, the one that others did. Null where nobody asked, or
  /// where several names that are in use lead to the address. The port does not matter.
  Name find(const Address& address, uint32_t pid, uint64_t now);

  /// Addresses that have a name, and queries that wait for their answer.
  size_t size() const { return byAddress_.size(); }
  size_t waiting() const { return queries_.size(); }

 private:
  struct Known {
    Name name;
    uint32_t pid;    // who asked last
    uint64_t until;  // programs use the answer so long, in steady milliseconds
  };
  struct Entry {
    std::string address;
    std::vector<Known> names;  // the latest answer last
  };
  void put(const std::string& address, Known known);

  const size_t limit_;
  std::list<Entry> entries_;  // the latest use first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> byAddress_;  // keys lie in entries_
  std::list<std::string> queries_;                                              // the latest last
  std::unordered_map<std::string_view, std::list<std::string>::iterator> byQuery_;  // keys lie in queries_
};

}  // namespace flowtap::core
