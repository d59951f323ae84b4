#include "sysext/linux/netlink.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace flowtap::linux_ {
namespace {

constexpr size_t kReceiveSize = 64 * 1024;  // the kernel fills at most 32 KiB at a time

size_t aligned(size_t size) { return (size + NLMSG_ALIGNTO - 1) & ~size_t{NLMSG_ALIGNTO - 1}; }

/// Calls back with each whole message of a datagram; a length that leaves the datagram ends the walk.
template <typename F>
void forEachMessage(const char* data, size_t size, F&& each) {
  while (size >= sizeof(nlmsghdr)) {
    const auto* message = reinterpret_cast<const nlmsghdr*>(data);
    if (message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > size) return;
    each(*message);
    const size_t step = std::min(aligned(message->nlmsg_len), size);
    data += step;
    size -= step;
  }
}

size_t payloadSize(const nlmsghdr& message) { return message.nlmsg_len - NLMSG_HDRLEN; }
const char* payload(const nlmsghdr& message) { return reinterpret_cast<const char*>(&message) + NLMSG_HDRLEN; }

/// The kernel's words in an acknowledgement, where it has any.
std::string extendedText(const nlmsghdr& answer) {
  size_t skip = sizeof(nlmsgerr);
  nlmsgerr error{};
  std::memcpy(&error, payload(answer), sizeof error);
  // Without NLM_F_CAPPED the whole refused message comes first.
  if (!(answer.nlmsg_flags & NLM_F_CAPPED) && error.msg.nlmsg_len > sizeof(nlmsghdr))
    skip += aligned(error.msg.nlmsg_len) - sizeof(nlmsghdr);
  if (!(answer.nlmsg_flags & NLM_F_ACK_TLVS) || skip >= payloadSize(answer)) return "";
  std::string text;
  forEachAttribute(payload(answer) + skip, payloadSize(answer) - skip,
                   [&text](uint16_t type, const void* value, size_t size) {
                     if (type == NLMSGERR_ATTR_MSG) text.assign(static_cast<const char*>(value), size);
                   });
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

}  // namespace

void NetlinkMessage::append(const void* data, size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
  bytes_.resize(aligned(bytes_.size()));
}

void NetlinkMessage::attribute(uint16_t type, const void* data, size_t size) {
  const nlattr header{static_cast<uint16_t>(NLA_HDRLEN + size), type};
  append(&header, sizeof header);
  append(data, size);
}

NetlinkMessage::Nest::Nest(NetlinkMessage& message, uint16_t type) : message_(message), start_(message.bytes_.size()) {
  message_.attribute(static_cast<uint16_t>(type | NLA_F_NESTED), "", 0);
}

NetlinkMessage::Nest::~Nest() {
  const auto size = static_cast<uint16_t>(message_.bytes_.size() - start_);
  std::memcpy(message_.bytes_.data() + start_, &size, sizeof size);
}

std::string NetlinkMessage::bytes(uint32_t sequence) const {
  std::string out = bytes_;
  nlmsghdr header{};
  std::memcpy(&header, out.data(), sizeof header);
  header.nlmsg_len = static_cast<uint32_t>(out.size());
  header.nlmsg_seq = sequence;
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

std::string NetlinkRefusal::describe() const {
  return what + ": " + std::generic_category().message(error) + (text.empty() ? "" : " (" + text + ")");
}

NetlinkSocket::NetlinkSocket(Fd fd) : fd_(std::move(fd)) {
  // Words instead of bare numbers, and short acknowledgements; older kernels do without.
  const int on = 1;
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

std::optional<NetlinkSocket> NetlinkSocket::open(int protocol) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return std::nullopt;
  return NetlinkSocket(std::move(fd));
}

std::optional<NetlinkRefusal> NetlinkSocket::send(const NetlinkBatch& batch) {
  const uint32_t first = sequence_;
  std::string datagram;
  size_t expected = 0;
  for (const auto& item : batch.items()) {
    datagram += item.message.bytes(sequence_++);
    expected += item.acknowledged;
  }
  if (::send(fd_.get(), datagram.data(), datagram.size(), 0) < 0)
    return NetlinkRefusal{batch.items().front().what, errno, ""};

  std::optional<NetlinkRefusal> refusal;
  std::vector<char> buffer(kReceiveSize);
  while (expected > 0) {
    // The kernel answers inside send(), so nothing is still under way. Where it gives a batch up early it leaves
    // the rest unanswered.
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      if (!refusal) refusal = NetlinkRefusal{batch.items().front().what, size < 0 ? errno : EPROTO, "no answer"};
      break;
    }
    forEachMessage(buffer.data(), static_cast<size_t>(size), [&](const nlmsghdr& answer) {
      const uint32_t index = answer.nlmsg_seq - first;
      if (answer.nlmsg_type != NLMSG_ERROR || index >= batch.items().size()) return;
      if (payloadSize(answer) < sizeof(nlmsgerr)) return;
      const auto& item = batch.items()[index];
      if (item.acknowledged && expected > 0) expected--;
      int error = 0;
      std::memcpy(&error, payload(answer), sizeof error);
      // -errno; the lowest number has no opposite.
      const bool isErrno = error < 0 && error > -4096;
      if (error != 0 && !refusal) refusal = NetlinkRefusal{item.what, isErrno ? -error : EPROTO, extendedText(answer)};
    });
  }
  return refusal;
}

bool NetlinkSocket::dump(const NetlinkMessage& request, const std::function<void(const nlmsghdr&)>& each) {
  const uint32_t sequence = sequence_++;
  const std::string bytes = request.bytes(sequence);
  if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) return false;
  std::vector<char> buffer(kReceiveSize);
  bool done = false, whole = true;
  while (!done) {
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    forEachMessage(buffer.data(), static_cast<size_t>(size), [&](const nlmsghdr& answer) {
      if (answer.nlmsg_seq != sequence) return;
      if (answer.nlmsg_flags & NLM_F_DUMP_INTR) whole = false;
      if (answer.nlmsg_type == NLMSG_DONE) done = true;
      else if (answer.nlmsg_type == NLMSG_ERROR) done = true, whole = false;
      else each(answer);
    });
  }
  return whole;
}

void forEachAttribute(const void* data, size_t size,
                      const std::function<void(uint16_t type, const void* value, size_t size)>& each) {
  const char* at = static_cast<const char*>(data);
  while (size >= sizeof(nlattr)) {
    nlattr header{};
    std::memcpy(&header, at, sizeof header);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > size) return;
    each(header.nla_type & NLA_TYPE_MASK, at + NLA_HDRLEN, header.nla_len - static_cast<size_t>(NLA_HDRLEN));
    const size_t step = std::min(aligned(header.nla_len), size);
    at += step;
    size -= step;
  }
}

}  // namespace flowtap::linux_
