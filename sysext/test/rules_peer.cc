// The C++ half of test/unit/flow/query/rules.test.ts. Not shipped. Reads, each with a u32 little-endian length in front:
// ProxyFrames with FlowOpened until an empty one, then texts of rules. For each text it writes a line:
//   rules <1 for each flow that has a rule, 0 for each that has none>
//   error LINE COLUMN MESSAGE
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sysext/core/process_table.h"
#include "sysext/core/rules.h"

namespace {

using namespace flowtap::core;
namespace wire = flowtap::wire;

bool take(std::string& text) {
  unsigned char head[4];
  if (std::fread(head, 1, 4, stdin) != 4) return false;
  text.resize(head[0] | head[1] << 8 | head[2] << 16 | static_cast<size_t>(head[3]) << 24);
  return std::fread(text.data(), 1, text.size(), stdin) == text.size();
}

Address addressOf(const wire::Endpoint& from) {
  Address to;
  to.size = static_cast<uint8_t>(from.address.size());
  to.port = static_cast<uint16_t>(from.port);
  for (size_t i = 0; i < to.size && i < to.bytes.size(); i++) to.bytes[i] = static_cast<uint8_t>(from.address[i]);
  return to;
}

FlowStart startOf(const wire::FlowOpened& opened) {
  FlowStart start;
  start.protocol = opened.protocol;
  start.inbound = opened.inbound;
  if (opened.source) start.source = addressOf(*opened.source);
  if (opened.destination) start.destination = addressOf(*opened.destination);
  if (!opened.host.empty()) start.host = std::make_shared<const std::string>(opened.host);
  auto capture = std::make_shared<Capture>();
  capture->name = opened.capture;
  start.capture = std::move(capture);
  if (opened.process) {
    const wire::Process& from = *opened.process;
    ProcessInfo info;
    info.pid = from.pid;
    info.name = from.name;
    info.path = from.path;
    info.arguments = from.arguments;
    for (const wire::Ancestor& each : from.ancestors) info.ancestors.push_back({each.pid, each.name});
    start.process = ProcessTable().intern(std::move(info));
  }
  return start;
}

}  // namespace

int main() {
  std::vector<FlowStart> flows;
  std::string text;
  while (take(text) && !text.empty()) {
    wire::ProxyFrame frame;
    if (!wire::parse(text.data(), text.size(), frame) || !frame.opened) return 1;
    flows.push_back(startOf(*frame.opened));
  }
  while (take(text)) {
    RuleProblem problem;
    const RuleSet set = parseRules(text, problem);
    if (problem.line != 0) {
      std::printf("error %u %u %s\n", problem.line, problem.column, problem.message.c_str());
      continue;
    }
    std::string verdicts;
    for (const FlowStart& flow : flows) verdicts += set.find(flow) ? '1' : '0';
    std::printf("rules %s\n", verdicts.c_str());
  }
}
