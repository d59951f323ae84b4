#include "sysext/core/session.h"

#include <algorithm>

#include "sysext/core/engine.h"
#include "sysext/core/version.h"

namespace flowtap::core {
namespace {

/// Beyond this, answers to a client that does not read them would grow without bound.
constexpr size_t kAnswerBytes = 8u << 20;

std::string listed(const std::vector<uint32_t>& versions) {
  std::string text;
  for (size_t i = 0; i < versions.size() && i < 16; i++) text += (i ? ", " : "") + std::to_string(versions[i]);
  return text.empty() ? "none" : text;
}

}  // namespace

Session::Session(Engine& engine, SessionPeer peer, SessionIo& io)
    : engine_(engine),
      peer_(peer),
      io_(io),
      subscriber_(engine.outgoing(), io),
      since_(engine.clock().steadyMillis()) {
  engine_.sessions_.push_back(this);
  if (engine_.stopping())
    refuse(wire::RefusedCode::kStopping, engine_.identity().program + " is stopping");
  else limitHalfOpen();
}

/// One user's clients that never say hello cannot keep others, nor that user's next one, from being served.
void Session::limitHalfOpen() {
  const auto counts = [this](const Session* other) {
    return !other->welcomed_ && !other->ending_ && other->peer_.uid == peer_.uid;
  };
  const auto& all = engine_.sessions_;
  if (std::count_if(all.begin(), all.end(), counts) <= kMostHalfOpen) return;
  Session& oldest = **std::find_if(all.begin(), all.end(), counts);
  oldest.refuse(wire::RefusedCode::kProtocol, "no Hello while " + std::to_string(kMostHalfOpen) + " newer clients of uid " +
                                                  std::to_string(peer_.uid) + " came");
}

Session::~Session() {
  auto& all = engine_.sessions_;
  all.erase(std::find(all.begin(), all.end(), this));
}

void Session::refuse(wire::RefusedCode code, std::string text) {
  if (ending_) return;
  io_.refused(code, text);
  subscriber_.tellDropped();
  wire::ProxyFrame frame;
  wire::Refused& refused = frame.refused.emplace();
  refused.code = code;
  refused.text = std::move(text);
  refused.versions = {kWireVersion};
  subscriber_.send(frame);
  ending_ = true;
  since_ = engine_.clock().steadyMillis();
}

std::optional<uint64_t> Session::deadline() const {
  if (over() || (welcomed_ && !ending_)) return std::nullopt;
  return since_ + engine_.limits().helloMillis;
}

void Session::expire() {
  if (ending_)
    subscriber_.abandon();
  else
    refuse(wire::RefusedCode::kProtocol, "no Hello within the time allowed");
}

void Session::writable() {
  subscriber_.writable();
  flush();
}

void Session::flush() {
  subscriber_.flush();
  if (statusOwed_) tellStatus();
}

void Session::tellStatus() {
  if (!subscriber_.subscribed() || ending_) return;
  statusOwed_ = subscriber_.queuedBytes() > engine_.limits().bodyShare;
  if (!statusOwed_) subscriber_.send(engine_.status(peer_.uid));
}

void Session::received(const char* data, size_t size) {
  if (ending_) return;
  reader_.append(data, size);
  std::string_view bytes;
  while (!ending_) {
    switch (reader_.next(bytes)) {
      case FrameReader::Result::kMore:
        return;
      case FrameReader::Result::kEmpty:
        return refuse(wire::RefusedCode::kProtocol, "a frame of length 0");
      case FrameReader::Result::kTooLarge:
        return refuse(wire::RefusedCode::kProtocol,
                      "a frame longer than " + std::to_string(kMaxFrameBytes) + " bytes");
      case FrameReader::Result::kFrame: {
        wire::ClientFrame frame;
        if (!wire::parse(bytes.data(), bytes.size(), frame))
          return refuse(wire::RefusedCode::kProtocol, "a frame that is not a ClientFrame");
        handle(frame);
      }
    }
  }
}

void Session::handle(const wire::ClientFrame& frame) {
  if (frame.hello) return hello(*frame.hello);
  if (!welcomed_) return refuse(wire::RefusedCode::kProtocol, "the first frame must be Hello");
  if (subscriber_.queuedBytes() > engine_.limits().queueBytes + kAnswerBytes)
    return refuse(wire::RefusedCode::kProtocol, "questions without reading the answers");
  if (frame.subscribe) return subscribe(*frame.subscribe);
  if (frame.attach) return attach(*frame.attach);
  if (frame.stop) return io_.stopProxy();
  if (frame.probe) return probe(*frame.probe);
  if (frame.getStatus) return subscriber_.send(engine_.status(peer_.uid));
  if (frame.setRules) return answerRules(&*frame.setRules);
  if (frame.listRules) return answerRules(nullptr);
  // Anything else was added by a later minor revision of the contract.
}

void Session::hello(const wire::Hello& hello) {
  if (welcomed_) return refuse(wire::RefusedCode::kProtocol, "a second Hello");
  client_ = hello.client.substr(0, 32);
  const Identity& me = engine_.identity();
  if (std::find(hello.versions.begin(), hello.versions.end(), kWireVersion) == hello.versions.end())
    return refuse(wire::RefusedCode::kVersion,
                  "the client speaks wire version " + listed(hello.versions) + ", " + me.program + " " + kBuild +
                      " speaks version " + std::to_string(kWireVersion) + ": update the older of the two");
  if (engine_.clients() >= engine_.limits().sessions)
    return refuse(wire::RefusedCode::kBusy,
                  me.program + " serves at most " + std::to_string(engine_.limits().sessions) + " clients");
  welcomed_ = true;
  wire::ProxyFrame frame;
  wire::Welcome& welcome = frame.welcome.emplace();
  welcome.version = kWireVersion;
  welcome.build = kBuild;
  welcome.platform = me.platform;
  welcome.mode = me.mode;
  welcome.capabilities = me.capabilities;
  welcome.blindSpots = me.blindSpots;
  welcome.pid = me.pid;
  subscriber_.send(frame);
}

void Session::subscribe(const wire::Subscribe& subscribe) {
  if (subscribe.allUsers && peer_.uid != 0)
    return refuse(wire::RefusedCode::kPeer, "only root may watch the flows of every user");
  subscriber_.subscribe(peer_.uid, subscribe.allUsers, subscribe.capture, subscribe.bodyLimit);
}

void Session::attach(const wire::Attach& attach) {
  SessionIo::Attachment attachment = io_.attach(attach);
  if (attachment.code != wire::RefusedCode::kUnspecified) return refuse(attachment.code, std::move(attachment.text));
  attached_ = true;
  wire::ProxyFrame frame;
  frame.attached.emplace().mode = attach.mode;
  subscriber_.send(frame);
}

void Session::answerRules(const wire::SetRules* replacement) {
  wire::ProxyFrame frame;
  wire::Rules& answer = frame.rules.emplace();
  const auto& abilities = engine_.identity().capabilities;
  if (std::find(abilities.begin(), abilities.end(), kRulesCapability) == abilities.end()) {
    answer.error = engine_.identity().program + " applies no rules to flows";
  } else if (replacement) {
    RuleProblem problem = engine_.setRules(peer_.uid, replacement->text);
    answer.line = problem.line;
    answer.column = problem.column;
    answer.error = std::move(problem.message);
  }
  if (const RuleSet* rules = engine_.rulesOf(peer_.uid)) {
    answer.text = rules->text;
    for (const RulePtr& rule : rules->rules) answer.counts.push_back({rule->text, rule->applied, rule->line});
  }
  subscriber_.send(frame);
}

void Session::probe(const wire::Probe& probe) {
  // Through the same encoders and the same queue as any flow, but for this client's eyes only.
  struct Synthetic final : Flow {
    using Flow::Flow;
    void stop(CloseReason, int) override {}
  };
  FlowStart start;
  auto capture = std::make_shared<Capture>();
  capture->name = "probe";
  capture->uid = peer_.uid;
  start.capture = capture;
  ProcessInfo self;
  self.pid = engine_.identity().pid;
  self.name = engine_.identity().program;
  start.process = engine_.processes().intern(std::move(self));
  start.host = std::make_shared<const std::string>("probe.invalid");
  Synthetic flow(engine_, std::move(start));
  flow.id = engine_.table().takeId();
  flow.openedAt = flow.connectedAt = engine_.clock().wallMicros();
  const std::string nonce = std::to_string(probe.nonce);
  OutQueue& queue = subscriber_.queue();
  putOpened(queue, flow);
  putData(queue, flow.id, Direction::kUp, 0, nonce, flow.openedAt, 0);
  engine_.outgoing().bodyBytes += nonce.size();
  flow.bytes[0] = nonce.size();
  Closing closing;
  closing.at = flow.openedAt;
  putClosed(queue, flow, closing);
}

}  // namespace flowtap::core
