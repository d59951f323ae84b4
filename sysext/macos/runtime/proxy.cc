#include "sysext/macos/runtime/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "sysext/core/host_names.h"
#include "sysext/core/ne_datagrams.h"
#include "sysext/core/ne_stream.h"
#include "sysext/macos/runtime/client.h"
#include "sysext/macos/runtime/resolver.h"
#include "sysext/macos/runtime/sockets.h"
#include "sysext/macos/runtime/token_list.h"

namespace flowtap::macos {
namespace {

using core::CloseReason;
using core::NeDatagrams;
using core::NePass;
using core::NeStream;

/// For clients to read the last frames.
constexpr uint64_t kStopMillis = 1000;
constexpr uint64_t kSweepMillis = 1000;
/// For a program to read what the server had sent when it ended.
constexpr uint64_t kDrainMillis = 60'000;
/// RFC 4787, section 4.3: a NAT that lets go of a UDP mapping after five minutes is behaving well.
constexpr uint64_t kDatagramIdleMillis = 300'000;
/// How long after waking the peers are asked often whether they are still there.
constexpr uint64_t kAwakeMillis = 60'000;
/// On Linux, under test, the rendezvous takes this user's programs only, and asks for no token.
#ifdef __APPLE__
constexpr bool kTokens = true;
#else
constexpr bool kTokens = false;
#endif
/// launchd gives 256; a flow needs one or two.
constexpr rlim_t kDescriptors = 8192;

core::Limits limits() {
  core::Limits all;
  all.flows = 16384;  // conversations: one UDP flow of the system can have many
  all.relayBlock = 128u << 10;
  return all;
}

core::Identity identity() {
  core::Identity me;
  me.platform = wire::Platform::kMacos;
  me.mode = core::Mode::kTransparentProxy;
  me.program = "Flowtap's extension";
  me.pid = static_cast<uint32_t>(::getpid());
  me.capabilities = {"probe", "rules"};
  me.blindSpots = {
      "Flows of users who allowed nobody to watch are not taken.",
      "Flows that stay on this Mac (localhost) and multicast are not seen.",
      "The local port of a TCP flow is not known.",
      "What another proxy, content filter or VPN takes first may not be seen.",
  };
  return me;
}

bool isAddress(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

void raiseDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// The rendezvous where it has a descriptor (under test on Linux); on macOS it has threads of its own.
class WatchedListener final : public Watched {
 public:
  explicit WatchedListener(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
  int fd() const override { return listener_->pollFd(); }
  short events() const override { return fd() >= 0 ? POLLIN : 0; }
  void onEvents(short) override { listener_->onReadable(); }

 private:
  const std::unique_ptr<Listener> listener_;
};

class ProxyImpl final : public Proxy, private Loop::Turn {
 public:
  explicit ProxyImpl(Options options)
      : options_(std::move(options)),
        engine_(clock_, limits(), identity()),
        admission_({static_cast<uint32_t>(::getpid()), options_.appId}),
        tokens_(options_.tokenFile) {}
  ~ProxyImpl() override;

  bool begin(std::string& error);

  std::optional<uint64_t> startProvider(core::NeLifecycle::Started started) override;
  void settled(uint64_t attempt, const std::string& error) override;
  void stopProvider(const std::string& reason, std::function<void()> stopped) override;
  void sleep() override { log(LogLevel::kInfo, "this Mac goes to sleep"); }
  void wake() override;
  bool takeStream(Offered offered, const std::function<std::shared_ptr<core::NeStreamPort>()>& port) override;
  bool takeDatagrams(Offered offered, const std::function<std::shared_ptr<core::NeDatagramPort>()>& port) override;

 private:
  std::optional<uint64_t> afterTurn() override;
  /// The verdict, and what follows from one that leaves the flow alone.
  core::NeAdmission::Verdict judge(const Offered& offered);
  core::FlowStart describe(Offered& offered);
  void relay(Offered offered, std::shared_ptr<core::NeStreamPort> port, core::NeAdmission::Verdict verdict);
  void relay(Offered offered, std::shared_ptr<core::NeDatagramPort> port, core::NeAdmission::Verdict verdict);
  void endFlows();
  void sweep(uint64_t now);
  void askPeers(bool soon);
  void admit(Fd socket, const Peer& peer);
  std::string changeToken(const Peer& peer, const TokenChange& change);
  void tellWatched();
  void tellNotice();
  void log(LogLevel level, const std::string& message) { options_.log(level, message); }

  const Options options_;
  SystemClock clock_;
  core::Engine engine_;
  core::HostNames names_;
  core::NeAdmission admission_;
  core::NeLifecycle lifecycle_;
  /// A stop and the end of a start, each with what follows from it. Recursive: the answer to a start may stop it.
  std::recursive_mutex switching_;
  TokenList tokens_;
  std::map<uint32_t, core::CapturePtr> captures_;  // by uid
  std::map<NeStream*, std::pair<std::shared_ptr<NeStream>, TcpSocket*>> streams_;
  std::map<NeDatagrams*, std::shared_ptr<NeDatagrams>> datagrams_;
  kit::Refusals refusals_{[this](const std::string& text) { log(LogLevel::kError, text); }};
  std::vector<std::unique_ptr<ProxyClient>> clients_;
  std::shared_ptr<WatchedListener> listener_;
  enum class Notice { kNone, kStopped, kFull } notice_ = Notice::kNone;
  uint64_t sweepAt_ = 0;    // steady milliseconds
  uint64_t awakeUntil_ = 0;
  uint64_t stopBy_ = 0;     // 0: not ending
  Loop loop_;               // its thread uses all of the above
  Resolver resolver_;       // last: its threads use the loop
};

// ---- the process ----

bool ProxyImpl::begin(std::string& error) {
  raiseDescriptors();
  if (const std::string problem = tokens_.load(); !problem.empty()) log(LogLevel::kError, problem);
  tellWatched();
  tellNotice();
  if (!loop_.start(*this)) {
    error = std::string("cannot start a thread: ") + std::strerror(errno);
    return false;
  }
  ListenerOptions listening;
  if (!options_.teamId.empty())
    listening.trusted = "anchor apple generic and certificate leaf[subject.OU] = \"" + options_.teamId + "\"";
  listening.tokens = [this](const Peer& peer) { return tokens_.of(peer.uid); };
  listening.onTokenChange = [this](const Peer& peer, const TokenChange& change) { return changeToken(peer, change); };
  auto started = Listener::start(
      options_.endpoint, std::move(listening),
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

ProxyImpl::~ProxyImpl() {
  resolver_.end();
  lifecycle_.stop();
  admission_.setRunning(false);
  loop_.post([this] {
    if (listener_) loop_.remove(*listener_);
    listener_.reset();
    endFlows();
    engine_.stop();
    stopBy_ = clock_.steadyMillis() + kStopMillis;
  });
  loop_.join();
}

std::optional<uint64_t> ProxyImpl::afterTurn() {
  const uint64_t now = clock_.steadyMillis();
  if (const auto tick = engine_.nextTick(); tick && *tick <= now) engine_.tick();
  if (sweepAt_ <= now) sweep(now);
  tellNotice();
  engine_.flush();
  const size_t before = clients_.size();
  clients_.erase(std::remove_if(clients_.begin(), clients_.end(),
                                [this](const auto& client) {
                                  if (client->over()) loop_.remove(*client);
                                  return client->over();
                                }),
                 clients_.end());
  if (clients_.size() != before) tellWatched();
  if (stopBy_ != 0 && (now >= stopBy_ || (engine_.drained() && streams_.empty() && datagrams_.empty()))) {
    for (const auto& client : clients_) loop_.remove(*client);
    clients_.clear();
    return std::nullopt;
  }
  return std::min(sweepAt_, engine_.nextTick().value_or(UINT64_MAX));
}

// ---- clients ----

void ProxyImpl::admit(Fd socket, const Peer& peer) {
  // The token can have been revoked while this waited.
  if (kTokens && !peer.trusted && tokens_.of(peer.uid).empty()) return;
  clients_.push_back(std::make_unique<ProxyClient>(engine_, std::move(socket), peer, refusals_));
  loop_.add(*clients_.back());
  tellWatched();
}

std::string ProxyImpl::changeToken(const Peer& peer, const TokenChange& change) {
  const std::string problem = tokens_.change(peer.uid, change);
  log(problem.empty() ? LogLevel::kInfo : LogLevel::kError,
      std::string(change.grant ? "grant" : "revocation") + " for uid " + std::to_string(peer.uid) + " by pid " +
          std::to_string(peer.pid) + (problem.empty() ? " done" : ": " + problem));
  loop_.post([this, uid = peer.uid, ends = !change.grant] {
    // Which client came with which token is not kept: those with another one connect again.
    if (ends)
      for (auto& client : clients_)
        if (client->peer().uid == uid && !client->peer().trusted) {
          loop_.remove(*client);
          client.reset();
        }
    clients_.erase(std::remove(clients_.begin(), clients_.end(), nullptr), clients_.end());
    tellWatched();
  });
  return problem;
}

void ProxyImpl::tellWatched() {
  std::set<uint32_t> users = tokens_.users();
  bool everybody = false;
  for (const auto& client : clients_) {
    users.insert(static_cast<uint32_t>(client->peer().uid));
    everybody = everybody || client->peer().uid == 0;
  }
  admission_.setWatched(std::move(users), everybody);
}

void ProxyImpl::tellNotice() {
  const Notice notice = !admission_.running() ? Notice::kStopped : admission_.full() ? Notice::kFull : Notice::kNone;
  if (engine_.stopping() || notice == std::exchange(notice_, notice)) return;
  switch (notice) {
    case Notice::kNone:
      return engine_.setNotice("");
    case Notice::kStopped:
      return engine_.setNotice("The proxy is stopped: no flows come. Start it with: flowtap start");
    case Notice::kFull:
      return engine_.setNotice("So many flows are live that new ones pass unseen until some have ended.");
  }
}

// ---- the provider ----

std::optional<uint64_t> ProxyImpl::startProvider(core::NeLifecycle::Started started) {
  const auto attempt = lifecycle_.start(std::move(started));
  log(LogLevel::kInfo, attempt ? "the provider starts" : "the provider was started once more");
  return attempt;
}

void ProxyImpl::settled(uint64_t attempt, const std::string& error) {
  if (!error.empty()) log(LogLevel::kError, "the network settings were not applied: " + error);
  {
    const std::lock_guard<std::recursive_mutex> lock(switching_);
    if (!lifecycle_.settled(attempt, error)) return;
    admission_.setRunning(true);
  }
  log(LogLevel::kInfo, "the provider takes flows");
  loop_.post([] {});
}

void ProxyImpl::stopProvider(const std::string& reason, std::function<void()> stopped) {
  {
    const std::lock_guard<std::recursive_mutex> lock(switching_);
    lifecycle_.stop();
    admission_.setRunning(false);
  }
  std::string passed;
  for (size_t i = 0; i < core::kNePasses; i++)
    if (const uint64_t count = admission_.passed(static_cast<NePass>(i)))
      passed += "; " + std::to_string(count) + " flows left alone because " + core::textOf(static_cast<NePass>(i));
  log(LogLevel::kInfo, "the provider stops: " + reason + passed);
  loop_.post([this, stopped = std::move(stopped)] {
    endFlows();
    engine_.flush();
    stopped();
  });
}

void ProxyImpl::wake() {
  log(LogLevel::kInfo, "this Mac woke up");
  loop_.post([this] {
    const uint64_t now = clock_.steadyMillis();
    awakeUntil_ = now + kAwakeMillis;
    for (const auto& [key, flow] : datagrams_) flow->woke();
    askPeers(true);
  });
}

void ProxyImpl::askPeers(bool soon) {
  for (const auto& [key, stream] : streams_) stream.second->askSoon(soon);
}

core::NeAdmission::Verdict ProxyImpl::judge(const Offered& offered) {
  auto verdict = admission_.consider(offered.offer);
  if (!verdict.take && verdict.pass == NePass::kLimit) loop_.post([this] { engine_.countRefused(); });
  return verdict;
}

bool ProxyImpl::takeStream(Offered offered, const std::function<std::shared_ptr<core::NeStreamPort>()>& port) {
  auto verdict = std::make_shared<core::NeAdmission::Verdict>(judge(offered));
  if (!verdict->take) return false;
  const auto go = [this, made = port(), verdict](Offered about) {
    loop_.post([this, about = std::move(about), made, verdict]() mutable {
      relay(std::move(about), std::move(made), std::move(*verdict));
    });
  };
  if (offered.offer.remote.size != 0) {
    go(std::move(offered));
    return true;
  }
  const std::string host = offered.host;
  const uint16_t destination = offered.offer.remote.port;
  const bool asked = resolver_.ask(host, destination, [go, offered](core::Address address) mutable {
    offered.offer.remote = address;
    go(std::move(offered));
  });
  // Too many wait: it goes its way without the proxy.
  if (!asked) loop_.post([this] { engine_.countRefused(); });
  return asked;
}

bool ProxyImpl::takeDatagrams(Offered offered, const std::function<std::shared_ptr<core::NeDatagramPort>()>& port) {
  auto verdict = std::make_shared<core::NeAdmission::Verdict>(judge(offered));
  if (!verdict->take) return false;
  loop_.post([this, about = std::move(offered), made = port(), verdict]() mutable {
    relay(std::move(about), std::move(made), std::move(*verdict));
  });
  return true;
}

// ---- flows ----

core::FlowStart ProxyImpl::describe(Offered& offered) {
  core::FlowStart start;
  const uint32_t uid = offered.offer.uid.value_or(0);
  core::CapturePtr& capture = captures_[uid];
  if (!capture) capture = std::make_shared<core::Capture>(core::Capture{"system", uid});
  start.protocol = offered.offer.protocol;
  start.source = offered.local;
  start.destination = offered.offer.remote;
  start.capture = capture;
  start.process = engine_.processes().intern(std::move(offered.process));
  if (!offered.host.empty() && !isAddress(offered.host))
    start.host = std::make_shared<const std::string>(offered.host);
  else
    start.host = names_.find(start.destination, start.process ? start.process->info.pid : 0, clock_.steadyMillis());
  return start;
}

void ProxyImpl::relay(Offered offered, std::shared_ptr<core::NeStreamPort> port, core::NeAdmission::Verdict verdict) {
  auto socket = std::make_unique<TcpSocket>(loop_, offered.offer.interface);
  TcpSocket* const server = socket.get();
  NeStream::Parts parts{std::move(port), std::move(socket), std::move(verdict.place), verdict.synthetic};
  const auto stream = std::make_shared<NeStream>(engine_, loop_, describe(offered), std::move(parts),
                                                 [this](NeStream& over) { streams_.erase(&over); });
  server->attach(*stream);
  streams_[stream.get()] = {stream, server};
  stream->begin();
  sweepAt_ = std::min(sweepAt_, clock_.steadyMillis() + kSweepMillis);
  // It was stopped after the flow had been taken.
  if (!admission_.running()) stream->stop(CloseReason::kProxyStopped);
}

void ProxyImpl::relay(Offered offered, std::shared_ptr<core::NeDatagramPort> port, core::NeAdmission::Verdict verdict) {
  auto socket = std::make_unique<UdpSocket>(loop_, offered.offer.interface);
  UdpSocket* const peers = socket.get();
  NeDatagrams::Parts parts{std::move(port), std::move(socket), std::move(verdict.place), describe(offered)};
  const auto flow = std::make_shared<NeDatagrams>(engine_, loop_, names_, std::move(parts),
                                                  [this](NeDatagrams& over) { datagrams_.erase(&over); });
  peers->attach(*flow);
  datagrams_[flow.get()] = flow;
  flow->begin();
  sweepAt_ = std::min(sweepAt_, clock_.steadyMillis() + kSweepMillis);
  if (!admission_.running()) flow->stop(CloseReason::kProxyStopped);
}

void ProxyImpl::endFlows() {
  for (const auto& [key, stream] : streams_) {
    stream.first->stop(CloseReason::kProxyStopped);
    stream.first->giveUp();
  }
  for (const auto& [key, flow] : datagrams_) flow->stop(CloseReason::kProxyStopped);
}

void ProxyImpl::sweep(uint64_t now) {
  sweepAt_ = now + kSweepMillis;
  if (streams_.empty() && datagrams_.empty() && stopBy_ == 0) sweepAt_ = now + 60 * kSweepMillis;
  if (awakeUntil_ != 0 && awakeUntil_ <= now) {
    awakeUntil_ = 0;
    askPeers(false);
  }
  for (const auto& [key, stream] : streams_)
    if (const auto since = stream.first->drainingSince(); since && *since + kDrainMillis <= now) stream.first->giveUp();
  for (const auto& [key, flow] : datagrams_)
    if (flow->lastActive() + kDatagramIdleMillis <= now) flow->stop(CloseReason::kIdle);
}

}  // namespace

std::unique_ptr<Proxy> Proxy::start(Options options, std::string& error) {
  auto proxy = std::make_unique<ProxyImpl>(std::move(options));
  if (!proxy->begin(error)) return nullptr;
  return proxy;
}

}  // namespace flowtap::macos
