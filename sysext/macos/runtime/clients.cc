#include "sysext/macos/runtime/clients.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace flowtap::macos {

/// The rendezvous where it has a descriptor (under test on Linux); on macOS it has threads of its own.
class Clients::WatchedListener final : public Watched {
 public:
  explicit WatchedListener(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
  int fd() const override { return listener_->pollFd(); }
  short events() const override { return fd() >= 0 ? POLLIN : 0; }
  void onEvents(short) override { listener_->onReadable(); }

 private:
  const std::unique_ptr<Listener> listener_;
};

Clients::~Clients() = default;

void Clients::load() {
  if (const std::string problem = tokens_.load(); !problem.empty()) log_(LogLevel::kError, problem);
  tellWatched();
}

bool Clients::listen(const std::string& endpoint, const std::string& teamId, std::string& error) {
  ListenerOptions listening;
  if (!teamId.empty())
    listening.trusted = "anchor apple generic and certificate leaf[subject.OU] = \"" + teamId + "\"";
  listening.tokens = [this](const Peer& peer) { return tokens_.of(peer.uid); };
  listening.onTokenChange = [this](const Peer& peer, const TokenChange& change) { return changeToken(peer, change); };
  auto started = Listener::start(
      endpoint, std::move(listening),
      [this](int fd, const Peer& peer) {
        auto socket = std::make_shared<Fd>(fd);
        loop_.post([this, socket, peer] { admit(std::move(*socket), peer); });
      },
      [this](const Peer& peer, const std::string& reason) { refusals_.tell(peer, reason); });
  error = started.text;
  if (!started.listener) return false;
  loop_.post([this, listener = std::make_shared<WatchedListener>(std::move(started.listener))] {
    listener_ = listener;
    loop_.add(*listener_);
  });
  return true;
}

void Clients::stopListening() {
  if (listener_) loop_.remove(*listener_);
  listener_.reset();
}

void Clients::admit(Fd socket, const Peer& peer) {
  // The token can have been revoked while this waited.
  if (Listener::asksForTokens() && !peer.trusted && tokens_.of(peer.uid).empty()) return;
  clients_.push_back(std::make_unique<ProxyClient>(engine_, std::move(socket), peer, refusals_));
  loop_.add(*clients_.back());
  tellWatched();
}

/// On a thread of the listener's.
std::string Clients::changeToken(const Peer& peer, const TokenChange& change) {
  const std::string problem = tokens_.change(peer.uid, change);
  log_(problem.empty() ? LogLevel::kInfo : LogLevel::kError,
       std::string(change.grant ? "grant" : "revocation") + " for uid " + std::to_string(peer.uid) + " by pid " +
           std::to_string(peer.pid) + (problem.empty() ? " done" : ": " + problem));
  loop_.post([this, uid = peer.uid, ends = !change.grant] {
    if (ends) endWithToken(uid);
    tellWatched();
  });
  return problem;
}

/// Which client came with which token is not kept: those with another one connect again.
void Clients::endWithToken(uid_t uid) {
  for (auto& client : clients_)
    if (client->peer().uid == uid && !client->peer().trusted) {
      loop_.remove(*client);
      client.reset();
    }
  clients_.erase(std::remove(clients_.begin(), clients_.end(), nullptr), clients_.end());
}

void Clients::tellWatched() {
  std::set<uint32_t> users = tokens_.users();
  bool everybody = false;
  for (const auto& client : clients_) {
    users.insert(static_cast<uint32_t>(client->peer().uid));
    everybody = everybody || client->peer().uid == 0;
  }
  admission_.setWatched(std::move(users), everybody);
}

void Clients::dropEnded() {
  const size_t before = clients_.size();
  clients_.erase(std::remove_if(clients_.begin(), clients_.end(),
                                [this](const auto& client) {
                                  if (client->over()) loop_.remove(*client);
                                  return client->over();
                                }),
                 clients_.end());
  if (clients_.size() != before) tellWatched();
}

void Clients::closeAll() {
  for (const auto& client : clients_) loop_.remove(*client);
  clients_.clear();
}

}  // namespace flowtap::macos
