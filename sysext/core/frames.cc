#include "sysext/core/frames.h"

#include "sysext/core/encode.h"
#include "sysext/core/rules.h"

namespace flowtap::core {
namespace {

void putLength(char* at, size_t size) {
  for (int i = 0; i < 4; i++) at[i] = static_cast<char>(size >> (8 * i));
}

/// Encodes one frame: body(Encoder&) writes the member's fields, at most `most` bytes of them.
template <typename Body>
void put(OutQueue& queue, uint32_t member, size_t most, size_t payload, Body&& body) {
  // The member's length is known only after its fields are written, so they are first written behind the longest
  // header and then, rarely, moved down.
  const size_t lengthBytes = varintBytes(most);
  char* start = queue.reserve(4 + 1 + lengthBytes + most);
  char* fields = start + 4 + 1 + lengthBytes;
  Encoder encoder(fields);
  body(encoder);
  const auto size = static_cast<size_t>(encoder.at() - fields);
  Encoder header(start + 4);
  header.varint(member << 3 | 2);
  header.varint(size);
  if (header.at() != fields) std::memmove(header.at(), fields, size);
  const auto total = static_cast<size_t>(header.at() - start) + size;
  putLength(start, total - 4);
  queue.commit(total, payload);
}

constexpr size_t kEndpointBytes = 2 + 18 + 4;
void putEndpoint(Encoder& to, uint32_t field, const Address& address) {
  char endpoint[kEndpointBytes];
  Encoder part(endpoint);
  part.bytes(wire::Endpoint::kAddressField, address.bytes.data(), address.size);
  part.number(wire::Endpoint::kPortField, address.port);
  to.bytes(field, endpoint, static_cast<size_t>(part.at() - endpoint));
}

/// Of FlowCounters and FlowClosed.
template <typename F>
void putLost(Encoder& to, const Flow& flow) {
  if (!flow.lost) return;
  using L = wire::Lost;
  char lost[4 * 11];
  Encoder part(lost);
  part.number(L::kDatagramsUpField, flow.lost->datagrams[0]);
  part.number(L::kDatagramsDownField, flow.lost->datagrams[1]);
  part.number(L::kBytesUpField, flow.lost->bytes[0]);
  part.number(L::kBytesDownField, flow.lost->bytes[1]);
  to.bytes(F::kLostField, lost, static_cast<size_t>(part.at() - lost));
}

}  // namespace

size_t openedBytes(const Flow& flow) {
  return 160 + 2 * kEndpointBytes + (flow.about.process ? flow.about.process->encoded.size() : 0) +
         (flow.about.host ? flow.about.host->size() : 0) + flow.about.capture->name.size() +
         (flow.rule ? flow.rule->label.size() : 0);
}

void putOpened(OutQueue& queue, const Flow& flow) {
  put(queue, wire::ProxyFrame::kOpenedField, openedBytes(flow), 0, [&](Encoder& to) {
    using F = wire::FlowOpened;
    const FlowStart& about = flow.about;
    to.number(F::kIdField, flow.id);
    to.number(F::kProtocolField, static_cast<uint64_t>(about.protocol));
    if (about.process) to.bytes(F::kProcessField, about.process->encoded.data(), about.process->encoded.size());
    putEndpoint(to, F::kSourceField, about.source);
    putEndpoint(to, F::kDestinationField, about.destination);
    if (about.host) to.bytes(F::kHostField, about.host->data(), about.host->size());
    to.number(F::kOpenedAtField, flow.openedAt);
    to.number(F::kInboundField, about.inbound);
    to.bytes(F::kCaptureField, about.capture->name.data(), about.capture->name.size());
    to.number(F::kBytesUpField, flow.bytes[0]);
    to.number(F::kBytesDownField, flow.bytes[1]);
    to.number(F::kConnectedAtField, flow.connectedAt);
    if (flow.rule) to.bytes(F::kRuleField, flow.rule->label.data(), flow.rule->label.size());
  });
}

void putData(OutQueue& queue, FlowId id, Direction direction, uint64_t offset, std::string_view bytes, Micros at,
             uint32_t length) {
  put(queue, wire::ProxyFrame::kDataField, kDataOverhead - 10 + bytes.size(), bytes.size(), [&](Encoder& to) {
    using F = wire::FlowData;
    to.number(F::kIdField, id);
    to.number(F::kDirectionField, static_cast<uint64_t>(direction));
    to.number(F::kOffsetField, offset);
    to.bytes(F::kBytesField, bytes.data(), bytes.size());
    to.number(F::kAtField, at);
    to.number(F::kLengthField, length);
  });
}

void putCounters(OutQueue& queue, const Flow& flow) {
  put(queue, wire::ProxyFrame::kCountersField, kCountersBytes - 8, 0, [&](Encoder& to) {
    using F = wire::FlowCounters;
    to.number(F::kIdField, flow.id);
    to.number(F::kBytesUpField, flow.bytes[0]);
    to.number(F::kBytesDownField, flow.bytes[1]);
    to.number(F::kConnectedAtField, flow.connectedAt);
    to.number(F::kEofUpField, flow.ended[0]);
    to.number(F::kEofDownField, flow.ended[1]);
    to.number(F::kDatagramsUpField, flow.datagrams[0]);
    to.number(F::kDatagramsDownField, flow.datagrams[1]);
    putLost<F>(to, flow);
  });
}

size_t closedBytes(const Closing& closing) { return 176 + closing.errorText.size(); }

void putClosed(OutQueue& queue, const Flow& flow, const Closing& closing) {
  put(queue, wire::ProxyFrame::kClosedField, closedBytes(closing) - 12, 0, [&](Encoder& to) {
    using F = wire::FlowClosed;
    to.number(F::kIdField, flow.id);
    to.number(F::kReasonField, static_cast<uint64_t>(closing.reason));
    // int32 on the wire: a negative number would take ten bytes; errno is positive.
    to.number(F::kErrorField, static_cast<uint64_t>(closing.error));
    to.bytes(F::kErrorTextField, closing.errorText.data(), closing.errorText.size());
    to.number(F::kClosedAtField, closing.at);
    to.number(F::kBytesUpField, flow.bytes[0]);
    to.number(F::kBytesDownField, flow.bytes[1]);
    to.number(F::kConnectedAtField, flow.connectedAt);
    to.number(F::kDatagramsUpField, flow.datagrams[0]);
    to.number(F::kDatagramsDownField, flow.datagrams[1]);
    putLost<F>(to, flow);
  });
}

void putDropped(OutQueue& queue, uint64_t frames, uint64_t bytes) {
  put(queue, wire::ProxyFrame::kDroppedField, kSmallFrameBytes - 8, 0, [&](Encoder& to) {
    to.number(wire::Dropped::kFramesField, frames);
    to.number(wire::Dropped::kBytesField, bytes);
  });
}

void putSnapshotBegin(OutQueue& queue, uint32_t flows, bool resync) {
  put(queue, wire::ProxyFrame::kSnapshotBeginField, kSmallFrameBytes - 8, 0, [&](Encoder& to) {
    to.number(wire::SnapshotBegin::kFlowsField, flows);
    to.number(wire::SnapshotBegin::kResyncField, resync);
  });
}

void putSnapshotEnd(OutQueue& queue) {
  put(queue, wire::ProxyFrame::kSnapshotEndField, kSmallFrameBytes - 8, 0, [](Encoder&) {});
}

void putFrame(OutQueue& queue, const wire::ProxyFrame& frame) {
  const std::string bytes = wire::serialise(frame);
  char* at = queue.reserve(4 + bytes.size());
  putLength(at, bytes.size());
  std::memcpy(at + 4, bytes.data(), bytes.size());
  queue.commit(4 + bytes.size());
}

}  // namespace flowtap::core
