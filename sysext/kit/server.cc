#include "sysext/kit/server.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace flowtap::kit {
namespace {

/// Time that clients get to read the last frames.
constexpr uint64_t kStopMillis = 1000;

core::Identity identity(const std::string& program) {
  core::Identity me;
#ifdef __APPLE__
  me.platform = wire::Platform::kMacos;
#else
  me.platform = wire::Platform::kLinux;
#endif
  me.mode = core::Mode::kKit;
  me.program = program;
  me.pid = static_cast<uint32_t>(::getpid());
  me.capabilities = {"probe"};
  me.blindSpots = {"Only what " + program + " reports is seen."};
  return me;
}

}  // namespace

void ReportedFlow::stop(core::CloseReason reason, int error) { engine_.close(*this, reason, error); }

void EventClock::settle() {
  anchor_ = clockMicros(CLOCK_REALTIME) - steadyMicros();
}

std::unique_ptr<Server> Server::start(Start start, std::shared_ptr<Inbox> inbox, std::string& error) {
  if (!inbox->open()) {
    error = std::string("Cannot make a pipe: ") + std::strerror(errno);
    return nullptr;
  }
  std::unique_ptr<Server> server(new Server(std::move(start), inbox));
  auto started = Listener::start(
      server->options_.name, server->options_.listener,
      [inbox](int fd, const Peer& peer) { inbox->admit(Fd(fd), peer); },
      [refusals = server->refusals_](const Peer& peer, const std::string& reason) { refusals->tell(peer, reason); });
  if (!started.listener) {
    error = started.text;
    return nullptr;
  }
  server->listener_ = std::move(started.listener);
  // Signals are the program's own; none is handled on this thread. Not std::thread: a failure is no crash.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = ::pthread_create(&server->thread_, nullptr, &Server::main, server.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed != 0) {
    error = std::string("Cannot start a thread: ") + std::strerror(failed);
    return nullptr;
  }
  server->running_ = true;
  return server;
}

Server::Server(Start start, std::shared_ptr<Inbox> inbox)
    : options_(std::move(start)),
      inbox_(std::move(inbox)),
      engine_(clock_, options_.limits, identity(options_.program)),
      refusals_(std::make_shared<Refusals>(options_.log)) {}

Server::~Server() {
  if (!running_) return;
  inbox_->askToStop();
  ::pthread_join(thread_, nullptr);
}

void* Server::main(void* self) {
  static_cast<Server*>(self)->run();
  return nullptr;
}

void Server::run() {
  for (;;) {
    Inbox::Batch batch = inbox_->take();
    const bool stop = batch.stop;
    apply(std::move(batch));
    if (const auto next = engine_.nextTick(); next && *next <= clock_.steadyMillis()) engine_.tick();
    if (stop) {
      stopBy_ = clock_.steadyMillis() + kStopMillis;
      listener_.reset();
      engine_.stop();
    }
    engine_.flush();
    endFinished();
    if (stopBy_ != 0 && (engine_.drained() || clock_.steadyMillis() >= stopBy_)) break;
    wait(std::min(engine_.nextTick().value_or(UINT64_MAX), stopBy_ ? stopBy_ : UINT64_MAX));
  }
  clients_.clear();
  inbox_->setClients(0);
  apply(inbox_->shut());
}

void Server::wait(uint64_t until) {
  std::vector<pollfd> watched = {{inbox_->wakeFd(), POLLIN, 0}, {listener_ ? listener_->pollFd() : -1, POLLIN, 0}};
  for (const auto& client : clients_) watched.push_back({client->fd(), client->events(), 0});
  const uint64_t now = clock_.steadyMillis();
  int timeout = -1;
  if (until <= now) timeout = 0;
  else if (until != UINT64_MAX) timeout = static_cast<int>(std::min<uint64_t>(until - now, 3'600'000));
  if (::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout) <= 0) return;
  if (watched[1].revents) listener_->onReadable();
  for (size_t i = 0; i < clients_.size(); i++)
    if (const short events = watched[i + 2].revents) clients_[i]->onEvents(events);
}

void Server::endFinished() {
  const size_t before = clients_.size();
  clients_.erase(std::remove_if(clients_.begin(), clients_.end(), [](const auto& client) { return client->over(); }),
                 clients_.end());
  if (clients_.size() != before) inbox_->setClients(static_cast<uint32_t>(clients_.size()));
}

void Server::apply(Inbox::Batch batch) {
  for (Inbox::Client& client : batch.clients)
    clients_.push_back(std::make_unique<Client>(engine_, std::move(client.socket), client.peer, *refusals_));
  if (!batch.clients.empty()) inbox_->setClients(static_cast<uint32_t>(clients_.size()));
  for (uint64_t i = 0; i < batch.refused; i++) engine_.countRefused();
  for (Record& record : batch.records) {
    clock_.setEvent(record.at);
    apply(record);
  }
  clock_.setEvent(0);
  inbox_->applied(batch);
}

void Server::apply(Record& record) {
  flowtap_flow& handle = *record.flow;
  if (record.event == Event::kOpened && !engine_.stopping()) {
    handle.reported = std::make_unique<ReportedFlow>(engine_, beginning(handle.beginning));
    handle.beginning = {};
    engine_.open(*handle.reported);
  }
  ReportedFlow* const flow = handle.reported && handle.reported->live() ? handle.reported.get() : nullptr;
  if (flow) {
    const size_t way = core::index(record.direction);
    switch (record.event) {
      case Event::kOpened:
        break;
      case Event::kConnected:
        flow->connectedAt = clock_.wallMicros();
        break;
      case Event::kData:
        flow->bytes[way] = record.offset;
        engine_.data(*flow, record.direction, record.payload, record.length);
        break;
      case Event::kCounted:
        for (const LeftOut& left : record.leftOut)
          if (left.pieces > 0) engine_.leftOut(*flow, left.offset, left.bytes, left.pieces);
        break;
      case Event::kEnded:
        flow->ended[way] = true;
        break;
      case Event::kClosed:
        break;
    }
    flow->bytes = record.totals.bytes;
    flow->datagrams = record.totals.datagrams;
    if (record.event == Event::kClosed) engine_.close(*flow, record.reason, record.error);
    else if (record.event != Event::kOpened) engine_.changed(*flow);
  }
  if (record.event == Event::kClosed) delete &handle;
}

core::FlowStart Server::beginning(Beginning& from) {
  core::FlowStart start = std::move(from.start);
  core::CapturePtr& capture = captures_[from.process.uid];
  if (!capture) capture = std::make_shared<core::Capture>(core::Capture{options_.program, from.process.uid});
  start.capture = capture;
  start.process = engine_.processes().intern(std::move(from.process));
  if (!from.host.empty()) start.host = std::make_shared<const std::string>(std::move(from.host));
  return start;
}

}  // namespace flowtap::kit
