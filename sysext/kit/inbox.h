// The way from the callers' threads to the endpoint's thread. Callers hold its mutex for a few instructions and never wait
// for more. Bounded: per flow one record of each step in its life, and at most one of counts between two others; records
// with payload share a budget of bytes.
#pragma once
#include <deque>
#include <mutex>
#include <string_view>
#include <vector>

#include "native/rendezvous.h"
#include "native/wake.h"
#include "sysext/kit/record.h"

namespace flowtap::kit {

class Inbox {
 public:
  struct Bounds {
    uint32_t flows;
    uint32_t bodyLimit;
    size_t bytes;
    size_t waitingClients;
  };
  explicit Inbox(Bounds bounds) : bounds_(bounds) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Makes the pipe. False with errno set.
  bool open() { return wake_.open(); }

  // ---- any thread ----
  /// False where the flow is one too many; it then still belongs to the caller.
  bool begin(flowtap_flow& flow);
  void connected(flowtap_flow& flow);
  /// `bytes` null: counted only, and meant so.
  void payload(flowtap_flow& flow, core::Direction direction, const char* bytes, uint64_t size);
  void ended(flowtap_flow& flow, core::Direction direction);
  /// Takes the flow over.
  void close(flowtap_flow& flow, core::CloseReason reason, int error);
  /// A connected client; closed at once where too many wait already.
  void admit(Fd client, const Peer& peer);
  void askToStop();
  struct Counts {
    uint64_t opened = 0, refused = 0, leftOut = 0;
    uint32_t live = 0, clients = 0;
  };
  Counts counts();

  // ---- the endpoint's thread ----
  struct Client {
    Fd socket;
    Peer peer;
  };
  struct Batch {
    std::deque<Record> records;
    std::vector<Client> clients;
    uint64_t refused = 0;  ///< flows, since the last batch
    bool stop = false;
  };
  int wakeFd() const { return wake_.fd(); }
  Batch take();
  /// The records of the batch are applied: their payload's budget is free again.
  void applied(const Batch& batch);
  void setClients(uint32_t clients);
  /// Nothing is queued from now on; returns what was.
  Batch shut();

 private:
  using Lock = std::unique_lock<std::mutex>;
  Record& push(flowtap_flow& flow, Event event);
  Record& pushCounts(flowtap_flow& flow);
  /// Gives the lock back and wakes the endpoint's thread where it does not know yet.
  void wake(Lock& lock);

  const Bounds bounds_;
  Wake wake_;
  std::mutex mutex_;  // guards what follows
  Batch next_;
  uint64_t batch_ = 1;    // number of next_
  size_t bytes_ = 0;      // of payload records that are not applied
  bool signalled_ = false;
  bool stopping_ = false;
  bool shut_ = false;
  Counts counts_;
};

}  // namespace flowtap::kit
