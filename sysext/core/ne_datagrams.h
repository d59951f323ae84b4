// One UDP flow of macOS: one socket of a program, which may talk to many peers. It gets one socket towards the network,
// so that all peers see one source address (STUN, QUIC); each peer is a conversation of its own for people. A datagram
// is relayed also where its conversation cannot be shown, because a limit is reached.
#pragma once
#include <unordered_map>

#include "sysext/core/datagram_flow.h"
#include "sysext/core/host_names.h"
#include "sysext/core/ne_admission.h"
#include "sysext/core/ne_port.h"

namespace flowtap::core {

/// The proxy's socket towards the peers.
class NeDatagramSocket {
 public:
  virtual ~NeDatagramSocket() = default;
  /// 0, or errno. Makes the socket of the peer's address family where it is the first.
  virtual int send(const Address& to, const std::string& bytes) = 0;
  /// False where nothing waits.
  virtual bool receive(NeDatagram& datagram) = 0;
  virtual void close() = 0;
  /// Whether to wait for datagrams; serverReady() follows.
  virtual void wait(bool input) = 0;
};

class NeDatagrams final : public std::enable_shared_from_this<NeDatagrams> {
 public:
  struct Parts {
    std::shared_ptr<NeDatagramPort> port;
    std::unique_ptr<NeDatagramSocket> socket;
    NeAdmission::Place place;
    FlowStart start;  ///< of each conversation; the destination is set
  };
  using Over = std::function<void(NeDatagrams&)>;

  NeDatagrams(Engine& engine, NeTurns& turns, HostNames& names, Parts parts, Over over);
  ~NeDatagrams();
  void begin();

  void serverReady();
  /// Ends every conversation and the flow.
  void stop(CloseReason reason, int error = 0);
  /// Steady milliseconds of its last datagram, or of its begin.
  uint64_t lastActive() const { return lastActive_; }
  /// The machine slept: idle time starts anew.
  void woke();
  size_t conversations() const { return conversations_.size(); }
  NeDatagramSocket& socket() { return *socket_; }

 private:
  class Conversation;
  struct Hash {
    size_t operator()(const Address& address) const;
  };

  void ask();
  void onOpened(NeError error);
  void onGot(NeError error, std::vector<NeDatagram> datagrams);
  void onWritten(NeError error);
  void up(NeDatagram datagram);
  /// To the peer, and to the program: what no rule holds back.
  void send(const NeDatagram& datagram, Conversation* conversation);
  void queue(NeDatagram datagram);
  /// Null where it cannot be shown: then no rule applies either.
  Conversation* with(const Address& peer);
  DnsExchange exchangeWith(const Address& peer) const;
  void write();
  NePort::Done then(void (NeDatagrams::*next)(NeError));

  Engine& engine_;
  NeTurns& turns_;
  HostNames& names_;
  std::shared_ptr<NeDatagramPort> port_;  // null once closed
  std::unique_ptr<NeDatagramSocket> socket_;
  NeAdmission::Place place_;
  const FlowStart start_;
  const Over over_;
  std::unordered_map<Address, std::shared_ptr<Conversation>, Hash> conversations_;
  std::vector<NeDatagram> down_;  // not yet written to the program
  size_t downBytes_ = 0;
  uint64_t lastActive_ = 0;
  bool open_ = false;
  bool writing_ = false;
};

}  // namespace flowtap::core
