// A connection or conversation by its two ends, as a key.
#pragma once
#include <cstddef>
#include <functional>
#include <string_view>

#include "sysext/core/flow.h"

namespace flowtap::daemon {

struct AddressHash {
  size_t operator()(const core::Address& a) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(a.bytes.data()), a.size}) ^
           (static_cast<size_t>(a.port) * 0x9E3779B97F4A7C15u);
  }
};

struct AddressPair {
  core::Address client, peer;
  bool operator==(const AddressPair& o) const { return client == o.client && peer == o.peer; }
};
struct AddressPairHash {
  size_t operator()(const AddressPair& k) const { return AddressHash()(k.client) * 31 + AddressHash()(k.peer); }
};

}  // namespace flowtap::daemon
