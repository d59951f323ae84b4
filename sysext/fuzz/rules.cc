// A rules file of any bytes, then flows: a file that is refused says where, and one that is taken judges every flow.
#include "sysext/core/rules.h"
#include "sysext/fuzz/fuzz.h"

using namespace flowtap;
using namespace flowtap::core;

namespace {

FlowStart flowOf(unsigned i) {
  static const auto process = [] {
    auto made = std::make_shared<Process>();
    made->info.pid = 7;
    made->info.name = "curl";
    made->info.path = "/usr/bin/curl";
    made->info.arguments = {"curl", "-v"};
    made->info.ancestors = {{1, "zsh"}};
    return made;
  }();
  FlowStart flow;
  flow.protocol = i % 2 ? Protocol::kUdp : Protocol::kTcp;
  flow.inbound = i % 3 == 0;
  flow.source.size = flow.destination.size = i % 4 ? 4 : 16;
  flow.destination.bytes = {192, 0, 2, static_cast<uint8_t>(i)};
  flow.destination.port = i % 2 ? 53 : 443;
  if (i % 5) flow.process = process;
  if (i % 3) flow.host = std::make_shared<const std::string>("api.example.com");
  flow.capture = std::make_shared<Capture>();
  return flow;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string text = fuzz::rest(input);
  RuleProblem problem;
  const RuleSet set = parseRules(text, problem);
  if (problem.line != 0) {
    fuzz::require(set.rules.empty() && problem.column > 0 && !problem.message.empty(), "an error has a place and a text");
    return 0;
  }
  fuzz::require(set.text == text, "the file is kept as it is");
  for (unsigned i = 0; i < 8; i++) (void)set.find(flowOf(i));
  uint32_t line = 0;
  for (const RulePtr& rule : set.rules) {
    fuzz::require(rule->line > line && !rule->text.empty() && rule->label.size() <= 203, "rules are in order and short");
    line = rule->line;
    RuleProblem again;
    const RuleSet same = parseRules(rule->text, again);
    fuzz::require(again.line == 0 && same.rules.size() == 1 && same.rules[0]->text == rule->text,
                  "a rule that is listed is a rule");
  }
  return 0;
}
