#include "sysext/linux/daemon/explicit_dial.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "sysext/core/close_reasons.h"
#include "sysext/linux/daemon/address.h"

namespace flowtap::daemon {
namespace {

using explicit_proxy::Failure;

constexpr uint64_t kLookUpMillis = 30'000;
/// Another address is tried beside one that does not answer (RFC 8305, section 5).
constexpr uint64_t kNextAddressMillis = 250;

/// An address that stands for itself.
bool literal(const explicit_proxy::Target& target, sockaddr_storage& address) {
  core::Address parsed = target.address;
  if (parsed.size == 0 && ::inet_pton(AF_INET, target.host.c_str(), parsed.bytes.data()) == 1) parsed.size = 4;
  if (parsed.size == 0 && ::inet_pton(AF_INET6, target.host.c_str(), parsed.bytes.data()) == 1) parsed.size = 16;
  if (parsed.size == 0) return false;
  parsed.port = target.port;
  address = toSockaddr(parsed);
  return true;
}

std::string nameOf(const explicit_proxy::Target& target) {
  if (!target.host.empty()) return target.host + ":" + std::to_string(target.port);
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(target.address.size == 4 ? AF_INET : AF_INET6, target.address.bytes.data(), text, sizeof text);
  return std::string(text) + ":" + std::to_string(target.port);
}

Failure explain(int error, const explicit_proxy::Target& target) {
  using Kind = Failure::Kind;
  if (error == 0) return {Kind::kDenied, nameOf(target) + " was not connected to: Flowtap ended the connection."};
  const std::string why = " (" + std::generic_category().message(error) + ").";
  if (core::isOwnLimit(error)) return {Kind::kLimit, "Flowtap has reached a limit of its own" + why};
  const std::string text = nameOf(target) + " cannot be connected to" + why;
  if (error == ECONNREFUSED) return {Kind::kRefused, text};
  if (error == ETIMEDOUT) return {Kind::kTimedOut, text};
  if (error == ENETUNREACH || error == EADDRNOTAVAIL) return {Kind::kNetworkUnreachable, text};
  if (core::isUnreachable(error)) return {Kind::kHostUnreachable, text};
  if (core::isReset(error)) return {Kind::kReset, text};
  return {Kind::kOther, text};
}

}  // namespace

void ExplicitDial::begin(Resolver& resolver, const explicit_proxy::Target& target) {
  target_ = target;
  going_ = true;
  sockaddr_storage address{};
  if (literal(target, address)) return dial({address});  // with the kernel's own patience, as for any program
  resolver_ = &resolver;
  lookUpEnds_ = loop_.after(kLookUpMillis, [this] {
    lookUpEnds_ = 0;
    unknownName(EAI_AGAIN);
  });
  lookingUp_ = resolver.resolve(target.host, target.port, [this](Resolver::Answer answer) {
    lookingUp_ = 0;
    stopLookUp();
    if (answer.error != 0) return unknownName(answer.error);
    dial(std::move(answer.addresses));
  });
}

void ExplicitDial::stopLookUp() {
  if (lookingUp_) resolver_->cancel(std::exchange(lookingUp_, 0));
  if (lookUpEnds_) loop_.cancel(std::exchange(lookUpEnds_, 0));
  resolver_ = nullptr;
}

void ExplicitDial::dial(std::vector<sockaddr_storage> addresses) {
  std::reverse(addresses.begin(), addresses.end());
  addresses_ = std::move(addresses);
  dialNext();
}

void ExplicitDial::dialNext() {
  if (nextAttempt_) loop_.cancel(std::exchange(nextAttempt_, 0));
  const sockaddr_storage address = addresses_.back();
  addresses_.pop_back();
  core::FlowStart start = about_;
  start.destination = toAddress(address);
  sockaddr_storage unused{};
  if (!literal(target_, unused)) start.host = std::make_shared<const std::string>(target_.host);
  auto* server = new ExplicitServer(loop_, engine_, std::move(start), peer_);
  dialling_.push_back(server);
  if (!addresses_.empty())
    nextAttempt_ = loop_.after(kNextAddressMillis, [this] {
      nextAttempt_ = 0;
      dialNext();
    });
  server->begin();
}

void ExplicitDial::unknownName(int error) {
  // Nothing was dialled, but people look for the name.
  struct Unresolved final : core::Flow {
    using Flow::Flow;
    void stop(core::CloseReason, int) override {}
  };
  const bool missing = error == EAI_NONAME || error == EAI_NODATA;
  core::FlowStart start = about_;
  start.destination.port = target_.port;
  start.host = std::make_shared<const std::string>(target_.host);
  Unresolved flow(engine_, std::move(start));
  if (engine_.admits()) {
    engine_.open(flow);
    engine_.close(flow, error == EAI_AGAIN ? core::CloseReason::kTimedOut : core::CloseReason::kNameNotFound, 0);
  } else {
    engine_.countRefused();
  }
  const auto kind = missing ? Failure::Kind::kNameNotFound
                    : error == EAI_AGAIN ? Failure::Kind::kNameTimedOut : Failure::Kind::kOther;
  failed_({kind, "The name " + target_.host + " could not be resolved (" + ::gai_strerror(error) + ")."});
}

void ExplicitDial::failed(ExplicitServer& server, int error) {
  dialling_.erase(std::remove(dialling_.begin(), dialling_.end(), &server), dialling_.end());
  if (!going_) return;
  if (!addresses_.empty() && error != 0) return dialNext();
  if (dialling_.empty()) failed_(explain(error, target_));
}

void ExplicitDial::answered(ExplicitServer& server) {
  dialling_.erase(std::remove(dialling_.begin(), dialling_.end(), &server), dialling_.end());
  giveUp();
}

void ExplicitDial::giveUp() {
  going_ = false;
  stopLookUp();
  if (nextAttempt_) loop_.cancel(std::exchange(nextAttempt_, 0));
  addresses_.clear();
  for (ExplicitServer* server : std::exchange(dialling_, {})) server->abandon(0);
}

}  // namespace flowtap::daemon
