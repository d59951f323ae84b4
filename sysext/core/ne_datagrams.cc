#include "sysext/core/ne_datagrams.h"

#include <algorithm>
#include <cerrno>

#include "sysext/core/close_reasons.h"
#include "sysext/core/dns_message.h"

namespace flowtap::core {
namespace {

/// Datagrams that wait for the program; the socket's own buffer takes, and loses, what comes beyond.
constexpr size_t kDownBytes = 256u << 10;
/// Received in one turn, so that one busy flow does not starve the others.
constexpr int kReceivesPerTurn = 32;

}  // namespace

class NeDatagrams::Conversation final : public DatagramFlow {
 public:
  Conversation(NeDatagrams& of, Engine& engine, FlowStart start) : DatagramFlow(engine, std::move(start)), of_(of) {}

 private:
  void released() override {
    const auto found = of_.conversations_.find(about.destination);
    if (found == of_.conversations_.end()) return;
    // Its own functions are still running.
    of_.turns_.post([kept = std::move(found->second)] {});
    of_.conversations_.erase(found);
  }
  void pass(Direction direction, std::string_view payload) override {
    if (!of_.port_) return;
    NeDatagram datagram{std::string(payload), about.destination};
    if (direction == Direction::kUp) return of_.send(datagram, this);
    of_.queue(std::move(datagram));
    of_.write();
  }

  NeDatagrams& of_;
};

size_t NeDatagrams::Hash::operator()(const Address& a) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(a.bytes.data()), a.size}) ^ a.port * 0x9E3779B1u;
}

NeDatagrams::NeDatagrams(Engine& engine, NeTurns& turns, HostNames& names, Parts parts, Over over)
    : engine_(engine),
      turns_(turns),
      names_(names),
      port_(std::move(parts.port)),
      socket_(std::move(parts.socket)),
      place_(std::move(parts.place)),
      start_(std::move(parts.start)),
      over_(std::move(over)),
      lastActive_(engine.clock().steadyMillis()) {}

NeDatagrams::~NeDatagrams() = default;

NePort::Done NeDatagrams::then(void (NeDatagrams::*next)(NeError)) {
  return [self = shared_from_this(), next](NeError error) {
    self->turns_.post([self, next, error] { ((*self).*next)(error); });
  };
}

void NeDatagrams::begin() { port_->open(then(&NeDatagrams::onOpened)); }

void NeDatagrams::onOpened(NeError error) {
  if (!port_) return;
  if (error != NeError::kNone) return stop(CloseReason::kClientGone, errnoOf(error));
  open_ = true;
  ask();
}

void NeDatagrams::woke() { lastActive_ = engine_.clock().steadyMillis(); }

// ---- from the program ----

void NeDatagrams::ask() {
  port_->read([self = shared_from_this()](NeError error, std::vector<NeDatagram> datagrams) {
    self->turns_.post(
        [self, error, got = std::move(datagrams)]() mutable { self->onGot(error, std::move(got)); });
  });
}

void NeDatagrams::onGot(NeError error, std::vector<NeDatagram> datagrams) {
  if (!port_) return;
  if (error != NeError::kNone) {
    const int reason = errnoOf(error);
    // The program's socket is closed; that is how a UDP flow ends.
    const bool closed = error == NeError::kAborted || error == NeError::kNotConnected;
    return stop(closed ? CloseReason::kEof : clientFailure(reason), closed ? 0 : reason);
  }
  if (datagrams.empty()) return stop(CloseReason::kEof);
  for (NeDatagram& datagram : datagrams) {
    up(std::move(datagram));
    if (!port_) return;
  }
  ask();
}

void NeDatagrams::up(NeDatagram datagram) {
  if (datagram.peer.size == 0) return engine_.countRefused();  // a name that nobody resolved
  lastActive_ = engine_.clock().steadyMillis();
  if (datagram.peer.port == kDnsPort) names_.query(exchangeWith(datagram.peer), datagram.bytes);
  Conversation* const conversation = with(datagram.peer);
  if (!conversation || conversation->datagram(Direction::kUp, datagram.bytes)) send(datagram, conversation);
}

void NeDatagrams::send(const NeDatagram& datagram, Conversation* conversation) {
  const int failure = socket_->send(datagram.peer, datagram.bytes);
  // A full buffer loses datagrams, as everywhere.
  if (failure != 0 && failure != EAGAIN && failure != ENOBUFS && conversation && conversation->live())
    conversation->stop(connectFailure(failure), failure);
}

DnsExchange NeDatagrams::exchangeWith(const Address& peer) const {
  return {start_.source, peer, start_.process ? start_.process->info.pid : 0};
}

NeDatagrams::Conversation* NeDatagrams::with(const Address& peer) {
  if (const auto known = conversations_.find(peer); known != conversations_.end()) return known->second.get();
  // Beyond the limit nothing is shown, and all is relayed.
  if (!engine_.admits()) {
    engine_.countRefused();
    return nullptr;
  }
  FlowStart start = start_;
  start.destination = peer;
  if (!start.host || !(peer == start_.destination))
    start.host = names_.find(peer, exchangeWith(peer).pid, engine_.clock().steadyMillis());
  auto conversation = std::make_shared<Conversation>(*this, engine_, std::move(start));
  Conversation* const made = conversation.get();
  conversations_.emplace(peer, std::move(conversation));
  return made->begin() ? made : nullptr;
}

// ---- from the network ----

void NeDatagrams::serverReady() {
  NeDatagram datagram;
  for (int i = 0; i < kReceivesPerTurn && port_ && downBytes_ < kDownBytes && socket_->receive(datagram); i++) {
    lastActive_ = engine_.clock().steadyMillis();
    if (datagram.peer.port == kDnsPort)
      names_.answer(exchangeWith(datagram.peer), datagram.bytes, engine_.clock().steadyMillis());
    Conversation* const conversation = with(datagram.peer);
    if (!conversation || conversation->datagram(Direction::kDown, datagram.bytes)) queue(std::move(datagram));
  }
  if (!port_) return;
  if (downBytes_ >= kDownBytes) socket_->wait(false);
  write();
}

void NeDatagrams::queue(NeDatagram datagram) {
  downBytes_ += std::max<size_t>(datagram.bytes.size(), 1);
  down_.push_back(std::move(datagram));
}

void NeDatagrams::write() {
  if (writing_ || !open_ || down_.empty() || !port_) return;
  writing_ = true;
  downBytes_ = 0;
  port_->write(std::exchange(down_, {}), then(&NeDatagrams::onWritten));
}

void NeDatagrams::onWritten(NeError error) {
  writing_ = false;
  if (!port_) return;
  // One datagram that the program could not take is lost, as everywhere; its closed socket is told by read().
  (void)error;
  socket_->wait(true);
  write();
}

// ---- the end ----

void NeDatagrams::stop(CloseReason reason, int error) {
  if (!port_) return;
  const auto port = std::exchange(port_, nullptr);
  while (!conversations_.empty()) conversations_.begin()->second->stop(reason, error);
  socket_->close();
  down_.clear();
  const bool orderly = reason == CloseReason::kEof || reason == CloseReason::kIdle;
  const NeError told = orderly ? NeError::kNone : error != 0 ? neErrorOf(error) : NeError::kAborted;
  port->closeRead(told);
  port->closeWrite(told);
  place_ = {};
  turns_.post([self = shared_from_this()] { self->over_(*self); });
}

}  // namespace flowtap::core
