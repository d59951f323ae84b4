// Rules that a user sets for flows that open from then on: docs/rules-of-flows.md describes the file.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sysext/core/query.h"

namespace flowtap::core {

/// What becomes of a flow.
struct RuleEffect {
  /// Which bytes count towards `resetAfter`.
  enum class Count : uint8_t { kBoth, kUp, kDown };
  static constexpr uint64_t kNever = UINT64_MAX;

  bool block = false;             ///< as if nobody listened there
  uint64_t resetAfter = kNever;   ///< bytes
  Count resetCount = Count::kBoth;
  uint32_t delayMillis = 0;
  std::array<uint64_t, 2> rate{};  ///< bytes per second, [0] up, [1] down; 0: not limited

  bool counts(Direction direction) const {
    return resetCount == Count::kBoth || (resetCount == Count::kUp) == (direction == Direction::kUp);
  }
  /// Bytes that may still pass, of what a flow has passed on by direction.
  uint64_t remaining(const std::array<uint64_t, 2>& passed) const {
    if (resetAfter == kNever) return kNever;
    const uint64_t counted = (counts(Direction::kUp) ? passed[0] : 0) + (counts(Direction::kDown) ? passed[1] : 0);
    return resetAfter > counted ? resetAfter - counted : 0;
  }
  /// More than a look when the flow opens.
  bool shapes() const { return block || resetAfter != kNever || delayMillis || rate[0] || rate[1]; }
};

struct Rule {
  std::string text;    ///< as written, without the comment
  std::string label;   ///< the text cut to a length that every flow can carry
  uint32_t line = 0;
  RuleEffect effect;
  Query query;
  mutable uint64_t applied = 0;  ///< flows that opened under it
};
/// Flows keep the rule they opened under, also when other rules take over.
using RulePtr = std::shared_ptr<const Rule>;

struct RuleProblem {
  uint32_t line = 0;    ///< from 1; 0: none
  uint32_t column = 0;  ///< from 1, in characters
  std::string message;
};

/// One user's rules. The first that fits a flow decides.
struct RuleSet {
  std::string text;  ///< the file
  std::vector<RulePtr> rules;

  RulePtr find(const FlowStart& flow) const;
};

/// What a shell's Identity names where it takes rules.
constexpr const char* kRulesCapability = "rules";

constexpr size_t kMaxRulesBytes = 256u << 10;
constexpr size_t kMaxRules = 1000;
constexpr size_t kMaxRuleLineBytes = 4096;

/// Reads a whole file. Where it has an error nothing of it counts.
RuleSet parseRules(std::string_view text, RuleProblem& problem);

}  // namespace flowtap::core
