#include "sysext/macos/runtime/bundle.h"

#include <algorithm>

namespace flowtap::macos {
namespace {

constexpr size_t kTeamLength = 10;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string teamOf(const std::string& endpoint) {
  if (endpoint.size() <= kTeamLength || endpoint[kTeamLength] != '.') return "";
  const std::string team = endpoint.substr(0, kTeamLength);
  const auto allowed = [](char c) { return isDigit(c) || (c >= 'A' && c <= 'Z'); };
  return std::all_of(team.begin(), team.end(), allowed) ? team : "";
}

std::string buildOf(const std::string& endpoint) {
  const size_t dot = endpoint.rfind('.');
  if (dot == std::string::npos) return "";
  const std::string build = endpoint.substr(dot + 1);
  return !build.empty() && std::all_of(build.begin(), build.end(), isDigit) ? build : "";
}

}  // namespace flowtap::macos
