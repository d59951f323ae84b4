#include "sysext/linux/daemon/syn_gate.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "sysext/linux/daemon/address.h"
#include "sysext/linux/daemon/capture.h"
#include "sysext/linux/daemon/descriptors.h"
#include "sysext/linux/daemon/raw_packet.h"
#include "sysext/linux/daemon/tcp_connection.h"
#include "sysext/linux/marks.h"

namespace flowtap::daemon {
namespace {

using linux_::Verdict;

constexpr size_t kBatch = 64;       // packets that are read at a time
constexpr int kBatches = 4;         // in one turn
constexpr size_t kDatagram = 1024;  // a packet's headers and what the kernel tells about it
/// Programs that wait at the same time. Further ones are accepted before their server is dialled. The kernel searches its
/// queue from the front for each verdict, and holds 16,384 packets (launcher/hold.cc).
constexpr size_t kMaxWaiting = 4096;
constexpr uint64_t kPauseMillis = 20;
/// No packet is sent again sooner (tcp_rto_min; the first time it takes a second).
constexpr uint64_t kRepeatMillis = 200;
/// How often it is seen whether programs still wait, and how many look-ups (5 us each) that may take.
constexpr uint64_t kLookMillis = 100;
constexpr size_t kLooks = 128;
constexpr uint64_t kPatienceMillis = 250;
/// See refuse().
constexpr uint64_t kSecondTryMillis = 5;

AddressPair keyOf(const TcpConnection& connection) {
  return {connection.about().source, connection.about().destination};
}

}  // namespace

SynGate::SynGate(EventLoop& loop, core::Engine& engine, Capture& capture, Fd queue, uint16_t number, Fd raw, int family)
    : loop_(loop),
      engine_(engine),
      capture_(capture),
      queue_(std::move(queue)),
      number_(number),
      raw_(std::move(raw)),
      family_(family) {}

bool SynGate::start() { return loop_.watch(queue_.get(), EPOLLIN, *this); }

void SynGate::stop() {
  if (looking_) loop_.cancel(looking_);
  if (paused_) loop_.cancel(paused_);
  while (!entries_.empty()) entries_.begin()->second.connection->abandon(ECONNABORTED);
  sendVerdicts();
  loop_.unwatch(queue_.get());
  queue_.reset();
  loop_.retire(*this);
}

// ---- packets ----

void SynGate::work() {
  for (int i = 0; i < kBatches && !paused_; i++) {
    bool more = true;
    if (undecided_ == read_.size()) {
      const size_t count = read();
      if (count == 0) {
        // Whatever was sent again before its connection was settled has been read now.
        settled_.clear();
        break;
      }
      more = count == kBatch;
    }
    capture_.look();
    for (size_t at = undecided_; at < read_.size(); at++)
      if (!read_[at].isReset && !isServedInside(read_[at])) capture_.expect(read_[at].client, read_[at].server);
    while (undecided_ < read_.size() && decide(read_[undecided_])) undecided_++;
    if (!more && settled_.empty()) break;
  }
  sendVerdicts();
}

size_t SynGate::read() {
  // Used within one call only.
  static char data[kBatch][kDatagram];
  static iovec parts[kBatch];
  static mmsghdr messages[kBatch];
  for (size_t i = 0; i < kBatch && !parts[i].iov_base; i++) {
    parts[i] = {data[i], kDatagram};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int count;
  do count = ::recvmmsg(queue_.get(), messages, kBatch, MSG_DONTWAIT, nullptr);
  while (count < 0 && errno == EINTR);
  read_.clear();
  undecided_ = 0;
  for (int i = 0; i < count; i++)
    if (const auto syn = linux_::parseHeldSyn(data[i], messages[i].msg_len)) read_.push_back(*syn);
  return count > 0 ? static_cast<size_t>(count) : 0;
}

bool SynGate::decide(const linux_::HeldSyn& syn) {
  if (syn.client.ss_family != family_) return verdict(syn.id, Verdict::kPass), true;
  if (syn.isReset) {
    verdict(syn.id, capture_.isOpen(syn.client, syn.server) ? Verdict::kDrop : Verdict::kPass);
    return true;
  }
  const AddressPair key{toAddress(syn.client), toAddress(syn.server)};
  if (isRepeated(key, syn)) return true;
  if (isServedInside(syn)) return verdict(syn.id, Verdict::kPassInside), true;
  if (entries_.size() >= kMaxWaiting) return verdict(syn.id, Verdict::kPass), true;
  return dial(key, syn);
}

bool SynGate::isServedInside(const linux_::HeldSyn& syn) const {
  // What listens at the proxy's own port is no server inside.
  return syn.isLocal && toAddress(syn.server).port != linux_::kProxyPort && capture_.serves(syn.client, syn.server);
}

bool SynGate::isRepeated(const AddressPair& key, const linux_::HeldSyn& syn) {
  if (const auto settled = settled_.find(key); settled != settled_.end() && settled->second == syn.sequence)
    return verdict(syn.id, Verdict::kDrop), true;
  const auto known = entries_.find(key);
  if (known == entries_.end()) return false;
  if (known->second.sequence == syn.sequence) {
    // The first one is still held, or was not taken by a full listener.
    verdict(syn.id, known->second.passed ? Verdict::kPass : Verdict::kDrop);
    return true;
  }
  // The program gave up, and another socket has the port now.
  known->second.connection->abandon(0);
  return false;
}

bool SynGate::dial(const AddressPair& key, const linux_::HeldSyn& syn) {
  if (!prepare()) return false;
  core::FlowStart start = capture_.describeSeen(core::Protocol::kTcp, syn.client, syn.server);
  auto* connection = new TcpConnection(loop_, engine_, std::move(start), Fd(), std::move(dialling_), this);
  entries_[key] = {connection, syn.id, syn.sequence, false, loop_.now(), loop_.now()};
  if (!looking_) looking_ = loop_.after(kLookMillis, [this] { lookAfter(); });
  connection->begin();
  return true;
}

void SynGate::verdict(uint32_t packet, Verdict verdict) {
  if (verdicts_.empty()) loop_.again(*this);
  linux_::appendVerdict(verdicts_, number_, packet, verdict);
}

void SynGate::sendVerdicts() {
  // Without an answer: the only packets that could be missing are those of a namespace that is gone.
  while (!verdicts_.empty() && ::send(queue_.get(), verdicts_.data(), verdicts_.size(), MSG_DONTWAIT) < 0 &&
         errno == EINTR) {
  }
  verdicts_.clear();
}

bool SynGate::prepare() {
  if (!dialling_) {
    dialling_.reset(::socket(family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // Without the family on this host the dial fails as it would without a proxy.
    if (!dialling_ && errno != EAFNOSUPPORT) return pause(errno), false;
  }
  // Those who wait need another descriptor when they are accepted.
  if (dialling_ && isReserved(dialling_.get() + static_cast<int>(entries_.size()))) {
    dialling_.reset();
    return pause(EMFILE), false;
  }
  if (short_) engine_.setNotice("");
  short_ = false;
  return true;
}

void SynGate::pause(int error) {
  short_ = true;
  engine_.setNotice("New connections wait: " + std::generic_category().message(error) +
                    ". Raise the limit of open files (ulimit -n) of the proxy.");
  loop_.change(queue_.get(), 0, *this);
  paused_ = loop_.after(kPauseMillis, [this] {
    paused_ = 0;
    loop_.change(queue_.get(), EPOLLIN, *this);
    work();
  });
}

// ---- what becomes of them ----

bool SynGate::adopt(Fd& client, const sockaddr_storage& source, const sockaddr_storage& destination) {
  const AddressPair key{toAddress(source), toAddress(destination)};
  const auto known = entries_.find(key);
  if (known == entries_.end()) return false;
  const Waiting entry = known->second;
  entries_.erase(known);
  settle(key, entry);
  // It went on unheld, since the queue was full when it was sent again.
  if (!entry.passed) verdict(entry.packet, Verdict::kDrop);
  entry.connection->adopt(std::move(client));
  return true;
}

bool SynGate::hasUnread() const {
  const auto passed = [](const Entries::value_type& each) { return each.second.passed; };
  return undecided_ < read_.size() || std::any_of(entries_.begin(), entries_.end(), passed) ||
         daemon::hasUnread(queue_.get());
}

void SynGate::answered(const TcpConnection& connection) {
  const auto known = entries_.find(keyOf(connection));
  if (known == entries_.end() || known->second.passed) return;
  known->second.passed = true;
  known->second.looked = loop_.now();
  verdict(known->second.packet, Verdict::kPass);
}

void SynGate::failed(const TcpConnection& connection, int error) {
  const AddressPair key = keyOf(connection);
  const auto known = entries_.find(key);
  if (known == entries_.end()) return;
  const Waiting entry = known->second;
  entries_.erase(known);
  settle(key, entry);
  if (!entry.passed) verdict(entry.packet, Verdict::kDrop);
  if (error != 0) refuse(key, entry.sequence, error);
}

/// While the queue may still hold it once more.
void SynGate::settle(const AddressPair& key, const Waiting& entry) {
  if (loop_.now() - entry.since >= kRepeatMillis) settled_[key] = entry.sequence;
}

void SynGate::refuse(const AddressPair& key, uint32_t sequence, int error) {
  // The program's own patience ends as it would without a proxy: it sends its packet again and again, in vain.
  if (error == ETIMEDOUT) return;
  const bool unreachable = error != ECONNREFUSED && error != ECONNRESET && error != ECONNABORTED;
  if (!unreachable) {
    sendRefusal(raw_.get(), key.peer, key.client, sequence);
    return;
  }
  sendUnreachable(raw_.get(), key.peer, key.client, sequence, error);
  // The kernel keeps a reset for later where it is still busy with the socket, but passes over an ICMP message (tcp_v4_err,
  // sock_owned_by_user). A second one does no harm: it names the sequence number of this very attempt.
  const int raw = ::fcntl(raw_.get(), F_DUPFD_CLOEXEC, 3);
  if (raw < 0) return;
  loop_.after(kSecondTryMillis, [key, sequence, error, held = std::make_shared<Fd>(raw)] {
    sendUnreachable(held->get(), key.peer, key.client, sequence, error);
  });
}

/// A program that gives up before its server has answered sends nothing: its socket is gone, that is all.
void SynGate::lookAfter() {
  looking_ = 0;
  const uint64_t now = loop_.now();
  const uint64_t patience = std::max<uint64_t>(kPatienceMillis, entries_.size() * kLookMillis / kLooks);
  std::vector<TcpConnection*> gone;
  size_t looks = 0;
  for (auto& [key, entry] : entries_) {
    if (now - entry.looked < patience) continue;
    if (++looks > kLooks) break;
    entry.looked = now;
    if (!capture_.exists(toSockaddr(key.client), toSockaddr(key.peer))) gone.push_back(entry.connection);
  }
  for (TcpConnection* connection : gone) connection->abandon(0);
  sendVerdicts();
  if (!entries_.empty()) looking_ = loop_.after(kLookMillis, [this] { lookAfter(); });
}

}  // namespace flowtap::daemon
