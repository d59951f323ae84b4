#include "sysext/kit/inbox.h"

#include <algorithm>
#include <utility>

#include "native/steady.h"

namespace flowtap::kit {
namespace {

/// What a record costs beside its payload, so that many small pieces are bounded as well.
constexpr size_t kRecordBytes = sizeof(Record) + 32;

/// Of a UDP datagram; a longer one is none and could not be told in one frame.
constexpr uint64_t kDatagramBytes = 65535;

size_t cost(const Record& record) { return record.event == Event::kData ? kRecordBytes + record.payload.size() : 0; }

}  // namespace

void Inbox::wake(Lock& lock) {
  const bool tell = !std::exchange(signalled_, true);
  lock.unlock();
  if (tell) wake_.signal();
}

Record& Inbox::push(flowtap_flow& flow, Event event) {
  Record& record = next_.records.emplace_back();
  record.event = event;
  record.flow = &flow;
  record.at = steadyMicros();
  record.totals = flow.totals;
  flow.latest = nullptr;
  return record;
}

Record& Inbox::pushCounts(flowtap_flow& flow) {
  if (!flow.latest || flow.batch != batch_) {
    Record& record = push(flow, Event::kCounted);
    flow.latest = &record;  // a deque that only grows at its end does not move its elements
    flow.batch = batch_;
  }
  flow.latest->totals = flow.totals;
  return *flow.latest;
}

bool Inbox::begin(flowtap_flow& flow) {
  Lock lock(mutex_);
  if (stopping_) return false;
  const bool room = counts_.live < bounds_.flows;
  if (room) {
    counts_.live++;
    counts_.opened++;
    push(flow, Event::kOpened);
  } else {
    counts_.refused++;
    next_.refused++;
  }
  wake(lock);
  return room;
}

void Inbox::connected(flowtap_flow& flow) {
  Lock lock(mutex_);
  if (stopping_ || std::exchange(flow.connected, true)) return;
  push(flow, Event::kConnected);
  wake(lock);
}

void Inbox::payload(flowtap_flow& flow, core::Direction direction, const char* bytes, uint64_t size) {
  const size_t way = core::index(direction);
  if (size == 0 && flow.stream) return;
  Lock lock(mutex_);
  if (stopping_) return;
  const uint64_t offset = flow.totals.bytes[way];
  flow.totals.bytes[way] += size;
  if (!flow.stream) flow.totals.datagrams[way]++;
  const bool wanted = bytes && offset < bounds_.bodyLimit;
  const uint64_t most = flow.stream ? size : std::min(size, kDatagramBytes);
  const uint64_t copied = wanted ? std::min<uint64_t>(most, bounds_.bodyLimit - offset) : 0;
  if (!wanted) {
    pushCounts(flow);
  } else if (bytes_ + kRecordBytes + copied > bounds_.bytes) {
    LeftOut& left = pushCounts(flow).leftOut[way];
    if (left.pieces++ == 0) left.offset = offset;
    left.bytes += copied;
    counts_.leftOut += copied;
  } else {
    Record& record = push(flow, Event::kData);
    record.direction = direction;
    record.offset = offset;
    record.length = flow.stream ? 0 : static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
    record.payload.assign(bytes, copied);
    bytes_ += cost(record);
  }
  wake(lock);
}

void Inbox::ended(flowtap_flow& flow, core::Direction direction) {
  Lock lock(mutex_);
  if (stopping_ || std::exchange(flow.ended[core::index(direction)], true)) return;
  push(flow, Event::kEnded).direction = direction;
  wake(lock);
}

void Inbox::close(flowtap_flow& flow, core::CloseReason reason, int error) {
  Lock lock(mutex_);
  if (shut_) {
    // The endpoint's thread has let go of everything.
    lock.unlock();
    const auto keepsInbox = flow.inbox;
    delete &flow;
    return;
  }
  Record& record = push(flow, Event::kClosed);
  record.reason = reason;
  record.error = error;
  const auto keepsInbox = flow.inbox;  // the flow may be deleted as soon as the lock is free
  wake(lock);
}

void Inbox::admit(Fd client, const Peer& peer) {
  Lock lock(mutex_);
  if (stopping_ || next_.clients.size() >= bounds_.waitingClients) return;
  next_.clients.push_back({std::move(client), peer});
  wake(lock);
}

void Inbox::askToStop() {
  Lock lock(mutex_);
  stopping_ = next_.stop = true;
  wake(lock);
}

Inbox::Counts Inbox::counts() {
  const Lock lock(mutex_);
  return counts_;
}

Inbox::Batch Inbox::take() {
  wake_.clear();
  const Lock lock(mutex_);
  signalled_ = false;
  batch_++;
  return std::exchange(next_, {});
}

void Inbox::applied(const Batch& batch) {
  size_t bytes = 0;
  uint32_t closed = 0;
  for (const Record& record : batch.records) {
    bytes += cost(record);
    closed += record.event == Event::kClosed;
  }
  const Lock lock(mutex_);
  bytes_ -= bytes;
  counts_.live -= closed;
}

void Inbox::setClients(uint32_t clients) {
  const Lock lock(mutex_);
  counts_.clients = clients;
}

Inbox::Batch Inbox::shut() {
  const Lock lock(mutex_);
  shut_ = true;
  return std::exchange(next_, {});
}

}  // namespace flowtap::kit
