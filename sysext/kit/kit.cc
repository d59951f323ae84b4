// The C API: takes the caller's values over and checks them. Everything else is Inbox's and Server's.
#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "sysext/core/utf8.h"
#include "sysext/kit/include/flowtap_kit.h"
#include "sysext/kit/server.h"

using namespace flowtap;
using kit::Inbox;
using kit::Server;

struct flowtap_endpoint {
  std::shared_ptr<Inbox> inbox;
  std::unique_ptr<Server> server;
};

namespace {

constexpr uint32_t kFlows = 4096;
constexpr uint32_t kQueueBytes = 8u << 20;
/// Flows and bytes beyond these are a mistake in the caller's units.
constexpr uint32_t kMostFlows = 1u << 20;
constexpr uint32_t kMostBodyLimit = 16u << 20;
/// RFC 1035, section 2.3.4: a name has 255 octets at most.
constexpr size_t kHostBytes = 255;
constexpr size_t kProgramBytes = 64;
constexpr size_t kPathBytes = 4096;
constexpr size_t kNameBytes = 256;

static_assert(FLOWTAP_UDP == static_cast<int>(wire::Protocol::kUdp));
static_assert(FLOWTAP_DOWN == static_cast<int>(wire::Direction::kDown));
static_assert(FLOWTAP_PROXY_ERROR == static_cast<int>(wire::CloseReason::kProxyError));
static_assert(FLOWTAP_NAME_NOT_FOUND == static_cast<int>(wire::CloseReason::kNameNotFound));

std::string text(const char* from, size_t most) {
  return from ? core::toUtf8(std::string(from, ::strnlen(from, most)), most) : std::string();
}

bool isTeam(const std::string& team) {
  return team.size() == 10 && std::all_of(team.begin(), team.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

/// Who may connect. On Linux the rendezvous takes this user's programs only, and reads none of it.
std::string admission(const flowtap_options& options, ListenerOptions& listener) {
  const std::string team = text(options.team, 64);
  const std::string token = options.token ? options.token : "";
  if (!team.empty() && !isTeam(team)) return "options.team is no Team ID: it has ten capital letters and digits";
  if (!token.empty() && token.size() < ListenerOptions::kShortestToken)
    return "options.token is too short: it needs at least " + std::to_string(ListenerOptions::kShortestToken) + " bytes";
#ifdef __APPLE__
  if (team.empty() && token.empty())
    return "Nobody could connect: set options.team to your Team ID, options.token to a secret, or both";
#endif
  if (!team.empty()) listener.trusted = "anchor apple generic and certificate leaf[subject.OU] = \"" + team + "\"";
  if (!token.empty()) listener.tokens = [token](const Peer&) { return std::vector<std::string>{token}; };
  return "";
}

/// False where it is no IP address. A zone ("%en0") is left off.
bool parseAddress(const char* from, uint16_t port, core::Address& to) {
  const std::string all = text(from, 128);
  const std::string address = all.substr(0, all.find('%'));
  to.port = port;
  if (::inet_pton(AF_INET, address.c_str(), to.bytes.data()) == 1) to.size = 4;
  else if (::inet_pton(AF_INET6, address.c_str(), to.bytes.data()) == 1) to.size = 16;
  return to.size != 0;
}

kit::Beginning beginning(const flowtap_flow_info& info) {
  kit::Beginning from;
  from.start.protocol = info.protocol == FLOWTAP_UDP ? wire::Protocol::kUdp : wire::Protocol::kTcp;
  from.start.inbound = info.inbound;
  parseAddress(info.source_address, info.source_port, from.start.source);
  from.host = text(info.host, kHostBytes);
  if (!parseAddress(info.destination_address, info.destination_port, from.start.destination) && from.host.empty())
    from.host = text(info.destination_address, kHostBytes);
  from.process.pid = info.pid;
  from.process.uid = info.uid;
  from.process.path = text(info.process_path, kPathBytes);
  from.process.name = text(info.process_name, kNameBytes);
  if (from.process.name.empty()) from.process.name = from.process.path.substr(from.process.path.rfind('/') + 1);
  from.process.signingId = text(info.signing_id, kNameBytes);
  from.process.teamId = text(info.team_id, kNameBytes);
  return from;
}

bool isDirection(flowtap_direction direction) { return direction == FLOWTAP_UP || direction == FLOWTAP_DOWN; }

/// What a caller of a later version, or a wrong cast, gives counts as the proxy's own error.
wire::CloseReason reasonOf(flowtap_reason reason) {
  const int value = static_cast<int>(reason);
  const bool known = (value >= FLOWTAP_EOF && value <= FLOWTAP_PROXY_ERROR) || value == FLOWTAP_NAME_NOT_FOUND;
  return known ? static_cast<wire::CloseReason>(value) : wire::CloseReason::kProxyError;
}

void say(const std::string& problem, char* error, size_t size) {
  if (error && size > 0) {
    const size_t length = std::min(problem.size(), size - 1);
    std::memcpy(error, problem.data(), length);
    error[length] = '\0';
  }
}

}  // namespace

flowtap_endpoint* flowtap_endpoint_start(const char* name, const flowtap_options* given, char* error, size_t size) {
  const flowtap_options options = given ? *given : flowtap_options{};
  Server::Start start;
  start.name = name ? name : "";
  start.program = text(options.program, kProgramBytes);
  if (start.program.empty()) start.program = start.name.substr(start.name.rfind('/') + 1);
  start.limits.flows = std::min(options.max_flows ? options.max_flows : kFlows, kMostFlows);
  if (options.body_limit) start.limits.bodyLimit = std::min(options.body_limit, kMostBodyLimit);
  start.log = [log = options.log, context = options.context](const std::string& message) {
    if (log) log(context, message.c_str());
  };
  std::string problem = admission(options, start.listener);
  auto inbox = std::make_shared<Inbox>(Inbox::Bounds{start.limits.flows, start.limits.bodyLimit,
                                                     options.queue_bytes ? options.queue_bytes : kQueueBytes,
                                                     start.limits.sessions});
  auto server = problem.empty() ? Server::start(std::move(start), inbox, problem) : nullptr;
  if (!server) {
    say(problem, error, size);
    return nullptr;
  }
  return new flowtap_endpoint{std::move(inbox), std::move(server)};
}

void flowtap_endpoint_stop(flowtap_endpoint* endpoint) { delete endpoint; }

void flowtap_endpoint_statistics(flowtap_endpoint* endpoint, flowtap_statistics* statistics) {
  const Inbox::Counts counts = endpoint ? endpoint->inbox->counts() : Inbox::Counts{};
  *statistics = {counts.opened, counts.refused, counts.leftOut, counts.live, counts.clients};
}

flowtap_flow* flowtap_flow_open(flowtap_endpoint* endpoint, const flowtap_flow_info* info) {
  if (!endpoint || !info) return nullptr;
  auto flow = std::make_unique<flowtap_flow>();
  flow->inbox = endpoint->inbox;
  flow->stream = info->protocol != FLOWTAP_UDP;
  flow->beginning = beginning(*info);
  return endpoint->inbox->begin(*flow) ? flow.release() : nullptr;
}

void flowtap_flow_connected(flowtap_flow* flow) {
  if (flow) flow->inbox->connected(*flow);
}

void flowtap_flow_data(flowtap_flow* flow, flowtap_direction direction, const void* bytes, size_t length) {
  if (flow && isDirection(direction))
    flow->inbox->payload(*flow, static_cast<wire::Direction>(direction), static_cast<const char*>(bytes), length);
}

void flowtap_flow_count(flowtap_flow* flow, flowtap_direction direction, uint64_t bytes) {
  if (flow && isDirection(direction))
    flow->inbox->payload(*flow, static_cast<wire::Direction>(direction), nullptr, bytes);
}

void flowtap_flow_ended(flowtap_flow* flow, flowtap_direction direction) {
  if (flow && isDirection(direction)) flow->inbox->ended(*flow, static_cast<wire::Direction>(direction));
}

void flowtap_flow_close(flowtap_flow* flow, flowtap_reason reason, int error) {
  if (flow) flow->inbox->close(*flow, reasonOf(reason), error);
}
