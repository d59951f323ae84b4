// The socket of one client of an endpoint. The protocol is core::Session's.
#pragma once
#include "native/fd.h"
#include "native/rendezvous.h"
#include "sysext/core/session.h"
#include "sysext/kit/refusals.h"

namespace flowtap::kit {

class Client : private core::SessionIo {
 public:
  /// `refusals` outlives it.
  Client(core::Engine& engine, Fd socket, const Peer& peer, Refusals& refusals);
  virtual ~Client() = default;

  int fd() const { return socket_.get(); }
  const Peer& peer() const { return peer_; }
  /// What to wait for, as for poll().
  short events() const;
  void onEvents(short events);
  bool over() const { return gone_ || session_.over(); }

 protected:
  void refuse(wire::RefusedCode code, std::string text) { session_.refuse(code, std::move(text)); }

 private:
  void receive();
  long write(const char* data, size_t size) override;
  Attachment attach(const wire::Attach& attach) override;
  void stopProxy() override;
  void refused(wire::RefusedCode code, const std::string& text) override;

  Fd socket_;
  const Peer peer_;
  Refusals& refusals_;
  bool gone_ = false;
  core::Session session_;
};

}  // namespace flowtap::kit
