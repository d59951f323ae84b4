#include "sysext/core/rules.h"

#include "sysext/core/rule_line.h"
#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

/// Of a rule as every flow carries it.
constexpr size_t kLabelBytes = 200;

bool isUtf8(std::string_view text) { return toUtf8(text, text.size()) == text; }

/// Characters before `at`, from 1.
uint32_t columnOf(std::string_view line, size_t at) {
  uint32_t column = 1;
  for (size_t i = 0; i < at && i < line.size(); i++)
    if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) column++;
  return column;
}

std::string labelOf(const std::string& text) {
  return text.size() <= kLabelBytes ? text : toUtf8(text, kLabelBytes - 3) + "…";
}

}  // namespace

RulePtr RuleSet::find(const FlowStart& flow) const {
  if (rules.empty()) return nullptr;
  FlowFacts facts(flow);
  for (const RulePtr& rule : rules)
    if (rule->query.matches(facts)) return rule;
  return nullptr;
}

RuleSet parseRules(std::string_view text, RuleProblem& problem) {
  RuleSet set;
  const auto refuse = [&problem](uint32_t line, uint32_t column, std::string message) {
    problem = {line, column, std::move(message)};
    return RuleSet();
  };
  if (text.size() > kMaxRulesBytes)
    return refuse(1, 1, "The rules are longer than " + std::to_string(kMaxRulesBytes) + " bytes.");
  set.text = text;
  if (text.substr(0, 3) == "\uFEFF") text.remove_prefix(3);
  for (uint32_t number = 1; !text.empty(); number++) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > kMaxRuleLineBytes)
      return refuse(number, 1, "This line is longer than " + std::to_string(kMaxRuleLineBytes) + " bytes.");
    if (!isUtf8(line)) return refuse(number, 1, "This line is not UTF-8. Save the file as UTF-8.");
    QueryProblem found;
    std::unique_ptr<Rule> rule = parseRuleLine(line, found);
    if (!found.message.empty()) return refuse(number, columnOf(line, found.start), std::move(found.message));
    if (!rule) continue;
    if (set.rules.size() == kMaxRules)
      return refuse(number, 1, "There are more than " + std::to_string(kMaxRules) + " rules. Join some with or.");
    rule->line = number;
    rule->label = labelOf(rule->text);
    set.rules.push_back(std::move(rule));
  }
  return set;
}

}  // namespace flowtap::core
