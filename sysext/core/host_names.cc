#include "sysext/core/host_names.h"

#include <algorithm>

#include "sysext/core/dns_message.h"
#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

constexpr size_t kMaxQueries = 1024;
/// Of one address.
constexpr size_t kMaxNames = 8;
/// Programs keep an answer for a moment, even one that is not to be kept, and none for more than a day.
constexpr uint64_t kLeastMillis = 60'000, kMostMillis = 86'400'000;

std::string_view bytesOf(const Address& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.size};
}

void append(std::string& key, const Address& address) {
  key += static_cast<char>(address.size);
  key += bytesOf(address);
  key += {static_cast<char>(address.port >> 8), static_cast<char>(address.port)};
}

/// The same but for capital letters (RFC 4343).
bool sameName(const std::string& a, const std::string& b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return small(x) == small(y); });
}

std::string keyOf(const DnsExchange& exchange, const DnsQuestion& question) {
  std::string key;
  append(key, exchange.client);
  append(key, exchange.server);
  for (const uint16_t part : {question.id, question.type, question.rrClass})
    key += {static_cast<char>(part >> 8), static_cast<char>(part)};
  return key + question.smallName();
}

}  // namespace

void HostNames::query(const DnsExchange& exchange, std::string_view message) {
  const auto question = parseDnsQuery(message);
  if (!question) return;
  std::string key = keyOf(exchange, *question);
  if (byQuery_.count(key) != 0) return;  // it was sent again
  queries_.push_back(std::move(key));
  byQuery_.emplace(queries_.back(), std::prev(queries_.end()));
  if (queries_.size() <= kMaxQueries) return;
  byQuery_.erase(queries_.front());
  queries_.pop_front();
}

void HostNames::answer(const DnsExchange& exchange, std::string_view message, uint64_t now) {
  auto told = parseDnsAnswer(message);
  if (!told) return;
  const auto asked = byQuery_.find(keyOf(exchange, told->question));
  if (asked == byQuery_.end()) return;
  // The program takes the first answer, whatever it says.
  const auto query = asked->second;
  byQuery_.erase(asked);
  queries_.erase(query);
  const auto name = std::make_shared<const std::string>(toUtf8(told->question.name, 255));
  if (name->empty()) return;
  for (const DnsAddress& each : told->addresses) {
    const uint64_t millis = std::clamp(uint64_t{each.timeToLive} * 1000, kLeastMillis, kMostMillis);
    put(each.bytes, {name, exchange.pid, now + millis});
  }
}

void HostNames::put(const std::string& address, Known known) {
  auto found = byAddress_.find(address);
  if (found == byAddress_.end()) {
    entries_.push_front({address, {}});
    found = byAddress_.emplace(entries_.front().address, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  auto& names = found->second->names;
  const auto same = [&](const Known& each) { return each.pid == known.pid && sameName(*each.name, *known.name); };
  names.erase(std::remove_if(names.begin(), names.end(), same), names.end());
  if (names.size() == kMaxNames) names.erase(names.begin());
  names.push_back(std::move(known));
  if (entries_.size() <= limit_) return;
  byAddress_.erase(entries_.back().address);
  entries_.pop_back();
}

HostNames::Name HostNames::find(const Address& address, uint32_t pid, uint64_t now) {
  const auto found = byAddress_.find(bytesOf(address));
  if (found == byAddress_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  const auto& names = found->second->names;
  const bool own =
      pid != 0 && std::any_of(names.begin(), names.end(), [pid](const Known& each) { return each.pid == pid; });
  // What has run out counts where nothing else is left.
  for (const uint64_t from : {now, uint64_t{0}}) {
    Name only;
    for (const Known& each : names) {
      if ((own && each.pid != pid) || each.until < from) continue;
      if (only && !sameName(*only, *each.name)) return nullptr;
      only = each.name;
    }
    if (only) return only;
  }
  return nullptr;
}

}  // namespace flowtap::core
