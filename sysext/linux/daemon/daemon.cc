#include "sysext/linux/daemon/daemon.h"

#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sysext/core/utf8.h"
#include "sysext/core/version.h"
#include "sysext/linux/blind_spots.h"

namespace flowtap::daemon {
namespace {

/// Time that clients get to read the last frames.
constexpr uint64_t kStopMillis = 1000;
/// Events wait this long for company before they are written (or until there are 64 KiB of them). Nobody sees it, and a
/// program that makes connections one after the other costs a tenth of the writes.
constexpr uint64_t kGatherMillis = 2;
constexpr uint64_t kLookInsideMillis = 2000;
constexpr uint64_t kNextStepMillis = 1;
constexpr uint64_t kUnreadMillis = 5;
constexpr size_t kCaptureNameBytes = 128;
constexpr uint32_t kMostRefusalsLogged = 500;

core::Identity identity() {
  core::Identity me;
  me.platform = wire::Platform::kLinux;
  me.mode = core::Mode::kTproxy;
  me.program = "flowtapd";
  me.pid = static_cast<uint32_t>(::getpid());
  me.capabilities = {"probe", "udp", "dns", "inbound", core::kRulesCapability};
  me.blindSpots = linux_::blindSpotsOf(me.mode, {::geteuid() != 0});
  return me;
}

const char* nameOf(core::Mode mode) {
  return mode == core::Mode::kTproxy ? "TPROXY" : mode == core::Mode::kRedirect ? "REDIRECT" : "explicit proxy";
}

}  // namespace

/// SIGTERM and the like as events of the loop.
class Daemon::Signals final : public EventHandler {
 public:
  explicit Signals(Daemon& daemon) : daemon_(daemon) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    signals_.reset(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    daemon_.loop_.watch(signals_.get(), EPOLLIN, *this);
  }

 private:
  void onEvents(uint32_t, unsigned) override {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
      daemon_.beginStop("signal " + std::to_string(info.ssi_signo));
  }

  Daemon& daemon_;
  Fd signals_;
};

/// The rendezvous in the loop.
class Daemon::Door final : public EventHandler {
 public:
  explicit Door(Listener& listener) : listener_(listener) {}

 private:
  void onEvents(uint32_t, unsigned) override { listener_.onReadable(); }
  Listener& listener_;
};

Daemon::Daemon(const Options& options, const Log& log)
    : options_(options), log_(log), clock_(loop_), engine_(clock_, options.limits, identity()) {
  signals_ = new Signals(*this);
  lastBusy_ = loop_.now();
}

Daemon::~Daemon() {
  captures_.clear();
  for (ClientConnection* client : clients_) loop_.retire(*client);
  if (door_) loop_.retire(*door_);
  loop_.retire(*signals_);
  loop_.emptyBins();
}

Daemon::Problem Daemon::listen(const std::string& socketPath) {
  auto started = Listener::start(
      socketPath, {}, [this](int fd, const Peer& peer) { admit(Fd(fd), peer); },
      [this](const Peer& peer, const std::string& reason) {
        tellRefusal(peer.uid, peer.pid, reason);
      });
  if (!started.listener) return {started.error == Listener::StartError::kBusy, started.text};
  listener_ = std::move(started.listener);
  door_ = new Door(*listener_);
  loop_.watch(listener_->pollFd(), EPOLLIN, *door_);
  return {};
}

void Daemon::refused(const ClientConnection& client, wire::RefusedCode code, const std::string& text) {
  if (code == wire::RefusedCode::kStopping) return;
  tellRefusal(client.session().peer().uid, client.session().peer().pid, text);
}

/// A client that comes again and again does not fill the disk.
void Daemon::tellRefusal(uint32_t uid, uint32_t pid, const std::string& reason) {
  if (refusals_ >= kMostRefusalsLogged) return;
  log_.write("turned away uid " + std::to_string(uid) + ", pid " + std::to_string(pid) + ": " + reason);
  if (++refusals_ == kMostRefusalsLogged) log_.write("further clients that are turned away are not logged");
}

void Daemon::run() {
  log_.write(std::string("flowtapd ") + core::kBuild + " serves, pid " + std::to_string(::getpid()));
  for (;;) {
    loop_.turn(nextWake());
    if (const auto next = engine_.nextTick(); next && *next <= loop_.now()) engine_.tick();
    writeToClients();
    endFinished();
    if (stopBy_ != 0) {
      if (engine_.drained() || loop_.now() >= stopBy_) break;
    } else if (busy()) {
      lastBusy_ = loop_.now();
    } else if (options_.idleExitSeconds != 0 && loop_.now() >= lastBusy_ + options_.idleExitSeconds * uint64_t{1000}) {
      beginStop("idle");
    }
  }
  log_.write("ended after " + std::to_string(engine_.table().total()) + " flows");
}

void Daemon::writeToClients() {
  engine_.answer();
  if (!engine_.unwritten()) {
    gatherUntil_ = 0;
  } else if (gatherUntil_ == 0) {
    gatherUntil_ = loop_.now() + kGatherMillis;
  } else if (loop_.now() >= gatherUntil_ || stopBy_ != 0) {
    engine_.flush();
    gatherUntil_ = 0;
  }
}

uint64_t Daemon::nextWake() const {
  uint64_t wake = engine_.nextTick().value_or(UINT64_MAX);
  if (gatherUntil_ != 0) wake = std::min(wake, gatherUntil_);
  if (stopBy_ != 0)
    wake = std::min(wake, stopBy_);
  else if (options_.idleExitSeconds != 0 && !busy())
    wake = std::min(wake, lastBusy_ + options_.idleExitSeconds * uint64_t{1000});
  return wake;
}

bool Daemon::busy() const {
  // Rules live here only: a daemon that holds some stays until their user takes them back or stops it.
  return engine_.subscribers() > 0 || !captures_.empty() || engine_.table().size() > 0 || engine_.hasRules();
}

void Daemon::admit(Fd socket, const Peer& peer) {
  lastBusy_ = loop_.now();
  if (ClientConnection* client = ClientConnection::start(loop_, engine_, *this, std::move(socket), peer))
    clients_.push_back(client);
}

void Daemon::endFinished() {
  // Backwards: left() takes the client out of the list.
  for (size_t i = clients_.size(); i-- > 0;) clients_[i]->endIfOver();
}

void Daemon::left(ClientConnection& client) {
  clients_.erase(std::find(clients_.begin(), clients_.end(), &client));
  const auto attached = attached_.find(&client);
  if (attached == attached_.end()) return;
  Capture* capture = attached->second;
  attached_.erase(attached);
  endWhenEmpty(capture);
}

core::SessionIo::Attachment Daemon::attach(ClientConnection& client, const wire::Attach& attach,
                                           std::vector<Fd> sockets) {
  using Code = wire::RefusedCode;
  if (attached_.count(&client)) return {Code::kProtocol, "this connection has a capture already"};
  if (captures_.size() >= engine_.limits().captures)
    return {Code::kBusy, "flowtapd serves at most " + std::to_string(engine_.limits().captures) + " captures"};
  std::string name = core::toUtf8(attach.capture, kCaptureNameBytes);
  if (name.empty()) name = "pid-" + std::to_string(attach.rootPid);
  auto made = Capture::make(loop_, engine_, attach, std::move(name), client.session().peer().uid, std::move(sockets),
                            [this](const Capture& capture, const std::string& text) {
                              if (!text.empty()) log_.write(text);
                              tellTroubles(capture);
                            });
  if (!made.capture) {
    log_.write("capture refused: " + made.problem);
    return {Code::kProtocol, made.problem};
  }
  Capture* capture = made.capture.get();
  captures_.emplace(capture, std::move(made.capture));
  attached_.emplace(&client, capture);
  log_.write("capture " + capture->name() + " begins, root pid " + std::to_string(attach.rootPid) + ", mode " +
             nameOf(attach.mode));
  wire::CaptureStatus status;
  status.name = capture->name();
  status.mode = attach.mode;
  status.blindSpots =
      linux_::blindSpotsOf(attach.mode, {client.session().peer().uid != 0, capture->holds(), capture->isReachable()});
  status.fallback = attach.fallback;
  status.command = attach.command;
  status.rootPid = attach.rootPid;
  status.startedAt = clock_.wallMicros();
  statuses_[capture] = status;
  engine_.captureBegan(std::move(status));
  return {};
}

void Daemon::tellTroubles(const Capture& capture) {
  const auto known = statuses_.find(&capture);
  if (known == statuses_.end()) return;
  wire::CaptureStatus status = known->second;
  for (std::string& trouble : capture.troubles()) status.blindSpots.push_back(std::move(trouble));
  engine_.captureEnded(capture.name());
  engine_.captureBegan(std::move(status));
}

void Daemon::endWhenEmpty(Capture* capture) {
  if (!captures_.count(capture)) return;
  const auto inhabited = capture->inhabited();
  const bool left = inhabited && !*inhabited;
  if (left && !capture->hasUnread()) return endCapture(capture);
  const uint64_t pause = left ? kUnreadMillis : inhabited ? kLookInsideMillis : kNextStepMillis;
  loop_.after(pause, [this, capture] { endWhenEmpty(capture); });
}

void Daemon::endCapture(Capture* capture) {
  log_.write("capture " + capture->name() + " ends");
  const std::string name = capture->name();
  statuses_.erase(capture);
  captures_.erase(capture);
  engine_.captureEnded(name);
}

void Daemon::stopProxy(const ClientConnection& client) {
  beginStop("client " + client.session().client() + ", pid " + std::to_string(client.session().peer().pid));
}

void Daemon::beginStop(const std::string& why) {
  if (stopBy_ != 0) return;
  log_.write("stopping: " + why);
  stopBy_ = loop_.now() + kStopMillis;
  // A new daemon may take over from here on.
  loop_.retire(*std::exchange(door_, nullptr));
  listener_.reset();
  engine_.stop();
  captures_.clear();
}

}  // namespace flowtap::daemon
