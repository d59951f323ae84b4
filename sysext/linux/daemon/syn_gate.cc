#include "sysext/linux/daemon/syn_gate.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "sysext/linux/daemon/address.h"

namespace flowtap::daemon {
namespace {

constexpr size_t kMaxSeen = 4096;
constexpr int kBatch = 64;         // packets that are looked at before they are let go together
constexpr size_t kDatagram = 1024;  // a packet's headers and what the kernel tells about it

}  // namespace

SynGate::SynGate(EventLoop& loop, Fd queue, uint16_t number, Find find)
    : loop_(loop), queue_(std::move(queue)), number_(number), find_(std::move(find)), buffer_(kDatagram) {}

SynGate::~SynGate() { loop_.unwatch(queue_.get()); }

bool SynGate::start() { return loop_.watch(queue_.get(), EPOLLIN, *this); }

bool SynGate::Key::operator<(const Key& other) const {
  return std::tie(client.port, client.bytes, client.size) <
         std::tie(other.client.port, other.client.bytes, other.client.size);
}

void SynGate::onEvents(uint32_t, unsigned) {
  std::optional<uint32_t> last;
  for (int i = 0; i < kBatch; i++) {
    const ssize_t size = ::recv(queue_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) break;
    const auto syn = linux_::parseHeldSyn(buffer_.data(), static_cast<size_t>(size));
    if (!syn) continue;
    last = syn->id;
    remember(*syn);
  }
  if (!last) return;
  // Without an answer: the queue's only packets that could be missing are those of a namespace that is gone.
  const std::string verdict = linux_::releaseUpTo(number_, *last);
  while (::send(queue_.get(), verdict.data(), verdict.size(), MSG_DONTWAIT) < 0 && errno == EINTR) {
  }
}

void SynGate::remember(const linux_::HeldSyn& syn) {
  if (syn.client.ss_family == AF_UNSPEC) return;
  const Key key{toAddress(syn.client)};
  // A packet that is sent again belongs to the same socket.
  const auto [entry, isNew] = seen_.try_emplace(key);
  entry->second = find_(syn.client, syn.server);
  if (isNew) order_.push_back(key);
  while (order_.size() > kMaxSeen) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<core::ProcessPtr> SynGate::take(const core::Address& client) {
  const auto found = seen_.find(Key{client});
  if (found == seen_.end()) return std::nullopt;
  core::ProcessPtr process = std::move(found->second);
  seen_.erase(found);
  // Connections arrive in the order of their first packets, nearly.
  const auto same = [&client](const Key& key) { return key.client == client; };
  if (const auto at = std::find_if(order_.begin(), order_.end(), same); at != order_.end()) order_.erase(at);
  return process;
}

}  // namespace flowtap::daemon
