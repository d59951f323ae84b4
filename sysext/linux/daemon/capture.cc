#include "sysext/linux/daemon/capture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "sysext/linux/daemon/address.h"

namespace flowtap::daemon {
namespace {

using Role = wire::SocketRole;

int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

struct Kind {
  int family, type, protocol;
  const char* name;
};
/// What a socket of this role must be; a null name for roles that this daemon does not know.
Kind kindOf(Role role) {
  switch (role) {
    case Role::kTcp4Listener: return {AF_INET, SOCK_STREAM, IPPROTO_TCP, "a TCP listener over IPv4"};
    case Role::kTcp6Listener: return {AF_INET6, SOCK_STREAM, IPPROTO_TCP, "a TCP listener over IPv6"};
    case Role::kUdp4: return {AF_INET, SOCK_DGRAM, IPPROTO_UDP, "a UDP socket over IPv4"};
    case Role::kUdp6: return {AF_INET6, SOCK_DGRAM, IPPROTO_UDP, "a UDP socket over IPv6"};
    case Role::kRaw4: return {AF_INET, SOCK_RAW, IPPROTO_RAW, "a raw socket over IPv4"};
    case Role::kRaw6: return {AF_INET6, SOCK_RAW, IPPROTO_RAW, "a raw socket over IPv6"};
    case Role::kSockDiag: return {AF_NETLINK, SOCK_RAW, 4 /* NETLINK_SOCK_DIAG */, "a sock_diag socket"};
    case Role::kNfqueue4:
    case Role::kNfqueue6: return {AF_NETLINK, SOCK_RAW, 12 /* NETLINK_NETFILTER */, "a packet queue"};
    default: return {0, 0, 0, nullptr};
  }
}
bool isA(const Kind& kind, int fd) {
  if (option(fd, SO_DOMAIN) != kind.family || option(fd, SO_TYPE) != kind.type ||
      option(fd, SO_PROTOCOL) != kind.protocol)
    return false;
  return kind.type != SOCK_STREAM || option(fd, SO_ACCEPTCONN) == 1;
}

uint32_t inodeOf(int fd) {
  struct stat found{};
  return ::fstat(fd, &found) == 0 ? static_cast<uint32_t>(found.st_ino) : 0;
}

core::CapturePtr about(std::string name, uint32_t uid) {
  auto made = std::make_shared<core::Capture>();
  made->name = std::move(name);
  made->uid = uid;
  return made;
}

}  // namespace

Capture::Capture(EventLoop& loop, core::Engine& engine, const wire::Attach& attach, std::string name, uint32_t uid)
    : loop_(loop),
      engine_(engine),
      about_(about(std::move(name), uid)),
      mode_(attach.mode),
      rootPid_(static_cast<pid_t>(attach.rootPid)) {}

Capture::~Capture() {
  inbound_.reset();
  for (SynGate* gate : gates_) gate->stop();
  for (TcpListener* listener : listeners_) listener->stop();
  if (explicit_) explicit_->stop();
  // The programs have ended, so their conversations came to their end in order.
  for (UdpRelay* relay : udp_) relay->stop(core::CloseReason::kEof);
}

Capture::Made Capture::make(EventLoop& loop, core::Engine& engine, const wire::Attach& attach, std::string name,
                            uint32_t uid, std::vector<Fd> sockets, Inbound::Say say) {
  Made made;
  if (attach.mode != core::Mode::kTproxy && attach.mode != core::Mode::kRedirect && attach.mode != core::Mode::kExplicit)
    made.problem = "this daemon captures in the modes TPROXY, REDIRECT and explicit proxy only";
  else if (attach.sockets.size() != sockets.size())
    made.problem = "Attach names " + std::to_string(attach.sockets.size()) + " sockets and " +
                   std::to_string(sockets.size()) + " came with it";
  if (!made.problem.empty()) return made;
  made.capture.reset(new Capture(loop, engine, attach, std::move(name), uid));
  made.problem = made.capture->take(attach.sockets, std::move(sockets), std::move(say));
  if (!made.problem.empty()) made.capture.reset();
  return made;
}

std::string Capture::take(const std::vector<Role>& roles, std::vector<Fd> sockets, Inbound::Say say) {
  std::map<Role, Fd> byRole;
  for (size_t i = 0; i < roles.size(); i++) {
    const Kind kind = kindOf(roles[i]);
    if (!kind.name) continue;  // of a later launcher; Welcome told it what this daemon can do
    if (!isA(kind, sockets[i].get())) return std::string("a socket that came with Attach is not ") + kind.name;
    ::fcntl(sockets[i].get(), F_SETFL, ::fcntl(sockets[i].get(), F_GETFL) | O_NONBLOCK);
    byRole[roles[i]] = std::move(sockets[i]);
  }
  if (Fd& diag = byRole[Role::kSockDiag]) {
    sockDiag_ = std::move(diag);
    attribution_ = std::make_unique<linux_::Attribution>(sockDiag_.get(), rootPid_);
  }
  if (mode_ == core::Mode::kExplicit) {
    // Without sock_diag nobody could tell whose connections come to a port that is open to the whole host.
    if (!byRole[Role::kTcp4Listener] || !sockDiag_) return "an explicit capture needs a listener and a sock_diag socket";
    explicit_ = new ExplicitListener(loop_, engine_, *this, std::move(byRole[Role::kTcp4Listener]), sockDiag_.get(),
                                     about_->uid);
    return explicit_->start() ? "" : "the sockets cannot be watched";
  }
  ipv6_ = static_cast<bool>(byRole[Role::kTcp6Listener]);
  if (attribution_ && byRole[Role::kTcp4Listener]) {
    std::vector<uint32_t> own;
    for (const Role role : {Role::kTcp4Listener, Role::kTcp6Listener})
      if (byRole[role]) own.push_back(inodeOf(byRole[role].get()));
    inbound_ = std::make_unique<Inbound>(loop_, engine_, *this, byRole[Role::kTcp4Listener].get(), std::move(own),
                                         std::move(say));
  }
  bool watched = true;
  const auto listen = [&](Role role, int family) {
    Fd& fd = byRole[role];
    if (!fd) return;
    listeners_.push_back(new TcpListener(loop_, engine_, *this, std::move(fd), family));
    watched = listeners_.back()->start() && watched;
  };
  const auto relay = [&](Role role, Role raw, int family) {
    if (!byRole[role] || !byRole[raw]) return;
    udp_.push_back(
        new UdpRelay(loop_, engine_, *this, std::move(byRole[role]), std::move(byRole[raw]), family));
    watched = udp_.back()->start() && watched;
  };
  const auto gate = [&](Role role, uint16_t number, Role raw, int family) {
    if (!byRole[role] || !byRole[raw] || !attribution_) return;
    Fd refusals(::fcntl(byRole[raw].get(), F_DUPFD_CLOEXEC, 3));
    if (!refusals) return;
    gates_.push_back(
        new SynGate(loop_, engine_, *this, std::move(byRole[role]), number, std::move(refusals), family));
    watched = gates_.back()->start() && watched;
  };
  gate(Role::kNfqueue4, 4, Role::kRaw4, AF_INET);  // the queues' numbers as in launcher/hold.cc
  gate(Role::kNfqueue6, 6, Role::kRaw6, AF_INET6);
  listen(Role::kTcp4Listener, AF_INET);
  listen(Role::kTcp6Listener, AF_INET6);
  relay(Role::kUdp4, Role::kRaw4, AF_INET);
  relay(Role::kUdp6, Role::kRaw6, AF_INET6);
  if (listeners_.empty()) return "no listener came with Attach";
  if (!watched) return "the sockets cannot be watched";
  return "";
}

core::FlowStart Capture::describeSeen(core::Protocol protocol, const sockaddr_storage& source,
                                      const sockaddr_storage& destination) {
  core::FlowStart start;
  start.protocol = protocol;
  start.source = toAddress(source);
  start.destination = toAddress(destination);
  start.capture = about_;
  if (attribution_) start.process = shared(attribution_->find(protocol, source, destination));
  start.host = names_.find(start.destination, start.process ? start.process->info.pid : 0,
                           engine_.clock().steadyMillis());
  return start;
}

core::FlowStart Capture::describeInbound(const core::Address& source, const core::Address& destination,
                                         uint32_t inode) {
  core::FlowStart start;
  start.protocol = core::Protocol::kTcp;
  start.inbound = true;
  start.source = source;
  start.destination = destination;
  start.capture = about_;
  if (attribution_) start.process = shared(attribution_->findHolder(inode));
  return start;
}

std::optional<std::vector<linux_::ListeningSocket>> Capture::listeners() {
  if (!attribution_) return std::nullopt;
  auto found = attribution_->listeners(AF_INET);
  if (!found || !ipv6_) return found;
  const auto more = attribution_->listeners(AF_INET6);
  if (!more) return std::nullopt;
  found->insert(found->end(), more->begin(), more->end());
  return found;
}

bool Capture::adopt(Fd& client, const sockaddr_storage& source, const sockaddr_storage& destination) {
  for (SynGate* gate : gates_)
    if (gate->adopt(client, source, destination)) return true;
  return false;
}

bool Capture::hasUnread() const {
  const auto some = [](const auto& from) {
    return std::any_of(from.begin(), from.end(), [](const auto* each) { return each->hasUnread(); });
  };
  return some(gates_) || some(listeners_) || some(udp_);
}

core::ProcessPtr Capture::shared(const linux_::ProcessInfoPtr& info) {
  if (!info) return nullptr;
  if (info != lastInfo_) {
    lastInfo_ = info;
    lastProcess_ = engine_.processes().intern(*info);
  }
  return lastProcess_;
}

}  // namespace flowtap::daemon
