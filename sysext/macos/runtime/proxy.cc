#include "sysext/macos/runtime/proxy.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "sysext/macos/runtime/clients.h"
#include "sysext/macos/runtime/resolver.h"

namespace flowtap::macos {
namespace {

using core::NePass;

/// For clients to read the last frames.
constexpr uint64_t kStopMillis = 1000;
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

void raiseDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

class ProxyImpl final : public Proxy, private Loop::Turn {
 public:
  explicit ProxyImpl(Options options)
      : options_(std::move(options)),
        engine_(clock_, limits(), identity()),
        admission_({static_cast<uint32_t>(::getpid()), options_.appId}),
        clients_(engine_, loop_, admission_, options_.tokenFile, options_.log),
        flows_(engine_, clock_, loop_) {}
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
  void tellNotice();
  void log(LogLevel level, const std::string& message) { options_.log(level, message); }

  const Options options_;
  SystemClock clock_;
  core::Engine engine_;
  core::NeAdmission admission_;
  core::NeLifecycle lifecycle_;
  /// A stop and the end of a start, each with what follows from it. Recursive: the answer to a start may stop it.
  std::recursive_mutex switching_;
  Clients clients_;
  Flows flows_;
  enum class Notice { kNone, kStopped, kFull } notice_ = Notice::kNone;
  uint64_t stopBy_ = 0;     // steady milliseconds; 0: not ending
  Loop loop_;               // its thread uses all of the above
  Resolver resolver_;       // last: its threads use the loop
};

// ---- the process ----

bool ProxyImpl::begin(std::string& error) {
  raiseDescriptors();
  clients_.load();
  tellNotice();
  if (!loop_.start(*this, options_.around)) {
    error = std::string("cannot start a thread: ") + std::strerror(errno);
    return false;
  }
  return clients_.listen(options_.endpoint, options_.teamId, error);
}

ProxyImpl::~ProxyImpl() {
  resolver_.end();
  lifecycle_.stop();
  admission_.setRunning(false);
  loop_.post([this] {
    clients_.stopListening();
    flows_.end();
    engine_.stop();
    stopBy_ = clock_.steadyMillis() + kStopMillis;
  });
  loop_.join();
}

std::optional<uint64_t> ProxyImpl::afterTurn() {
  const uint64_t now = clock_.steadyMillis();
  if (const auto tick = engine_.nextTick(); tick && *tick <= now) engine_.tick();
  if (flows_.sweepAt() <= now) flows_.sweep(now, stopBy_ != 0);
  tellNotice();
  engine_.flush();
  clients_.dropEnded();
  if (stopBy_ != 0 && (now >= stopBy_ || (engine_.drained() && flows_.empty()))) {
    clients_.closeAll();
    return std::nullopt;
  }
  return std::min(flows_.sweepAt(), engine_.nextTick().value_or(UINT64_MAX));
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
    flows_.end();
    engine_.flush();
    stopped();
  });
}

void ProxyImpl::wake() {
  log(LogLevel::kInfo, "this Mac woke up");
  loop_.post([this] { flows_.woke(); });
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
      flows_.relay(std::move(about), std::move(made), std::move(*verdict), admission_.running());
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
    flows_.relay(std::move(about), std::move(made), std::move(*verdict), admission_.running());
  });
  return true;
}

}  // namespace

std::unique_ptr<Proxy> Proxy::start(Options options, std::string& error) {
  auto proxy = std::make_unique<ProxyImpl>(std::move(options));
  if (!proxy->begin(error)) return nullptr;
  return proxy;
}

}  // namespace flowtap::macos
