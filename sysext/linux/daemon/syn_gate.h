// Dials first, then accepts. The kernel holds the first packet of each TCP connection of a capture (NFQUEUE), and the
// program waits in connect(). Meanwhile it is looked up which process that is (its socket exists, however short it lives)
// and the server is dialled; the packet goes on when the server has answered, and the program gets the server's refusal,
// or the network's, where it has not.
//
// Resets that the kernel sends for want of a socket are held as well. While the last packet of a handshake is on one
// processor, where this daemon let the first one go, the program may send on another one; Linux before 6.19 then finds
// neither the request nor the connection that takes its place, for a moment (inet_ehash_insert), and answers with a reset.
// One in 20,000 connections broke so. Where the connection is there, the reset is dropped, and the program's packet comes
// again.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "native/fd.h"
#include "sysext/core/engine.h"
#include "sysext/linux/daemon/address_pair.h"
#include "sysext/linux/daemon/event_loop.h"
#include "sysext/linux/daemon/held_syn.h"

namespace flowtap::daemon {

class Capture;
class TcpConnection;

class SynGate final : public EventHandler {
 public:
  /// `queue`: a NETLINK_NETFILTER socket bound to the packet queue `number`; `raw`: for refusals; both of one family.
  SynGate(EventLoop& loop, core::Engine& engine, Capture& capture, Fd queue, uint16_t number, Fd raw, int family);
  /// False, with errno set, where the kernel refuses.
  bool start();
  /// Lets go of every program that waits, closes and retires. The kernel lets packets pass unheld from now on.
  void stop();

  /// A connection was accepted. True, and `client` is taken, where its server was dialled beforehand.
  bool adopt(Fd& client, const sockaddr_storage& source, const sockaddr_storage& destination);

  /// Whether a program has done something that was not read yet, or its connection is about to be accepted.
  bool hasUnread() const;

  // ---- by the connections that wait ----
  /// The server has answered: the program may go on.
  void answered(const TcpConnection& connection);
  /// It came to nothing: connect() fails with `error`. The connection is not known here any more.
  void failed(const TcpConnection& connection, int error);

 private:
  struct Waiting {
    TcpConnection* connection = nullptr;
    uint32_t packet = 0;    // its number in the queue
    uint32_t sequence = 0;  // the packet's, the same when it is sent again
    bool passed = false;    // the packet went on, and the connection is about to be accepted
    uint64_t since = 0;
    uint64_t looked = 0;  // when it was last seen that the program still waits
  };
  using Entries = std::unordered_map<AddressPair, Waiting, AddressPairHash>;

  void onEvents(uint32_t, unsigned) override { work(); }
  void onAgain() override { sendVerdicts(); }
  void work();
  /// The packets that wait in the queue, up to a bound. How many that were.
  size_t read();
  /// False where it has to wait for a descriptor.
  bool decide(const linux_::HeldSyn& syn);
  bool isServedInside(const linux_::HeldSyn& syn) const;
  /// True where nothing is to be done any more: the packet was sent again.
  bool isRepeated(const AddressPair& key, const linux_::HeldSyn& syn);
  bool dial(const AddressPair& key, const linux_::HeldSyn& syn);
  void refuse(const AddressPair& key, uint32_t sequence, int error);
  void verdict(uint32_t packet, linux_::Verdict verdict);
  void sendVerdicts();
  /// False without a descriptor for the next connection.
  bool prepare();
  void pause(int error);
  void lookAfter();
  void settle(const AddressPair& key, const Waiting& entry);

  EventLoop& loop_;
  core::Engine& engine_;
  Capture& capture_;
  Fd queue_;
  const uint16_t number_;
  const Fd raw_;
  const int family_;
  Entries entries_;
  /// First packets that may be in the queue once more, although their connection is settled.
  std::unordered_map<AddressPair, uint32_t, AddressPairHash> settled_;
  std::string verdicts_;  // not sent yet
  std::vector<linux_::HeldSyn> read_;  // and not decided yet, in their order from undecided_ on
  size_t undecided_ = 0;
  Fd dialling_;  // for the next connection: none is begun without it
  EventLoop::TimerId looking_ = 0;
  EventLoop::TimerId paused_ = 0;
  bool short_ = false;  // of descriptors, when it last looked
};

}  // namespace flowtap::daemon
