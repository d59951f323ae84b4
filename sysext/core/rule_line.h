// One line of a rules file.
#pragma once
#include "sysext/core/rules.h"

namespace flowtap::core {

/// Null for an empty line and a comment, and where `problem` says what is wrong.
std::unique_ptr<Rule> parseRuleLine(std::string_view line, QueryProblem& problem);

}  // namespace flowtap::core
