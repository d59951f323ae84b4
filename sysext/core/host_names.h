// Which name a program asked for before it connected to an address: answers of the DNS conversations that were relayed.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sysext/core/flow.h"

namespace flowtap::core {

class HostNames {
 public:
  using Name = std::shared_ptr<const std::string>;

  explicit HostNames(size_t limit = 4096) : limit_(limit) {}

  /// Takes a DNS message (RFC 1035, section 4) from the wire. Anything but a well-formed answer changes nothing.
  void learn(std::string_view message);
  /// Null where nobody asked for it. The port does not matter.
  Name find(const Address& address);
  size_t size() const { return byAddress_.size(); }

 private:
  void put(std::string_view address, const Name& name);
  struct Entry {
    std::string address;
    Name name;
  };
  const size_t limit_;
  std::list<Entry> entries_;  // the latest use first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> byAddress_;  // keys lie in entries_
};

}  // namespace flowtap::core
