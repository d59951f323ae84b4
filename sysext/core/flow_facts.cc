#include "sysext/core/flow_facts.h"

#include <algorithm>
#include <cstdio>

#include "sysext/core/query_lexer.h"

namespace flowtap::core {
namespace {

using Kind = QueryField::Kind;

// The fields of src/flow/query/fields.ts.
constexpr QueryField kFields[] = {
    {"process", Kind::kText, Fact::kProcess},
    {"path", Kind::kText, Fact::kPath},
    {"command", Kind::kText, Fact::kCommand},
    {"parent", Kind::kText, Fact::kParent},
    {"pid", Kind::kNumber, Fact::kPid},
    {"host", Kind::kText, Fact::kHost},
    {"address", Kind::kText, Fact::kAddress},
    {"destination", Kind::kText, Fact::kAddress},
    {"port", Kind::kNumber, Fact::kPort},
    {"source", Kind::kText, Fact::kSource},
    {"source.port", Kind::kNumber, Fact::kSourcePort},
    {"protocol", Kind::kWord, Fact::kProtocol},
    {"direction", Kind::kWord, Fact::kDirection},
    {"capture", Kind::kText, Fact::kCapture},
    {"summary", Kind::kNotYet, Fact::kAnyText},
    {"method", Kind::kNotYet, Fact::kAnyText},
    {"status", Kind::kNotYet, Fact::kAnyText},
    {"state", Kind::kNotYet, Fact::kAnyText},
    {"reason", Kind::kNotYet, Fact::kAnyText},
    {"error", Kind::kNotYet, Fact::kAnyText},
    {"up", Kind::kNotYet, Fact::kAnyText},
    {"down", Kind::kNotYet, Fact::kAnyText},
    {"bytes", Kind::kNotYet, Fact::kAnyText},
    {"duration", Kind::kNotYet, Fact::kAnyText},
    {"dial", Kind::kNotYet, Fact::kAnyText},
    {"age", Kind::kNotYet, Fact::kAnyText},
    {"start", Kind::kNotYet, Fact::kAnyText},
    {"rule", Kind::kNotYet, Fact::kAnyText},
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); i++) text += (i ? " " : "") + parts[i];
  return text;
}

}  // namespace

const QueryField* fieldOf(std::string_view name) {
  const std::string wanted = lowerAscii(name);
  for (const QueryField& field : kFields)
    if (wanted == field.name) return &field;
  return nullptr;
}

std::string knownFields() {
  std::string text;
  for (const QueryField& field : kFields)
    if (field.kind != Kind::kNotYet) text += (text.empty() ? "" : ", ") + std::string(field.name);
  return text;
}

const QueryField* nearField(std::string_view name) {
  const std::string wanted = lowerAscii(name.substr(0, 20));
  const QueryField* best = nullptr;
  size_t least = 3;
  for (const QueryField& field : kFields)
    if (const size_t distance = editDistance(wanted, field.name); distance < least) {
      best = &field;
      least = distance;
    }
  return best;
}

size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string addressText(const Address& address) {
  const auto& b = address.bytes;
  char text[48];
  if (address.size == 4) {
    std::snprintf(text, sizeof text, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
    return text;
  }
  if (address.size != 16) return "";
  int groups[8];
  for (size_t i = 0; i < 8; i++) groups[i] = b[2 * i] << 8 | b[2 * i + 1];
  if (std::all_of(groups, groups + 5, [](int g) { return g == 0; }) && groups[5] == 0xffff) {
    std::snprintf(text, sizeof text, "::ffff:%d.%d.%d.%d", b[12], b[13], b[14], b[15]);
    return text;
  }
  // The first of the longest runs of two zero groups and more is left out.
  int from = -1, length = 1;
  for (int at = 0; at < 8; at++) {
    int run = 0;
    while (at + run < 8 && groups[at + run] == 0) run++;
    if (run > length) from = at, length = run;
    at += run;
  }
  std::string result;
  for (int i = 0; i < 8; i++) {
    if (i == from) {
      result += "::";
      i += length - 1;
      continue;
    }
    if (!result.empty() && result.back() != ':') result += ':';
    std::snprintf(text, sizeof text, "%x", static_cast<unsigned>(groups[i]));
    result += text;
  }
  return result;
}

const std::vector<std::string>& FlowFacts::texts(Fact fact) {
  auto& known = texts_[static_cast<size_t>(fact)];
  if (!known) {
    known = find(fact);
    for (std::string& text : *known) text = lowerAscii(text);
  }
  return *known;
}

std::vector<std::string> FlowFacts::find(Fact fact) {
  static const ProcessInfo nobody;
  const ProcessInfo& process = flow_.process ? flow_.process->info : nobody;
  switch (fact) {
    case Fact::kProcess: return {process.name};
    case Fact::kPath: return {process.path};
    case Fact::kCommand: return {joined(process.arguments)};
    case Fact::kParent: {
      std::vector<std::string> names;
      for (const Ancestor& each : process.ancestors) names.push_back(each.name);
      return names;
    }
    case Fact::kHost: return {flow_.host && !flow_.host->empty() ? *flow_.host : addressText(flow_.destination)};
    case Fact::kAddress: return {addressText(flow_.destination)};
    case Fact::kSource: return {addressText(flow_.source)};
    case Fact::kProtocol: return {flow_.protocol == Protocol::kUdp ? "udp" : "tcp"};
    case Fact::kDirection: return {flow_.inbound ? "inbound" : "outbound"};
    case Fact::kCapture: return {flow_.capture->name};
    case Fact::kAnyText:
      return {process.name, flow_.host ? *flow_.host : "", addressText(flow_.destination),
              std::to_string(flow_.destination.port)};
    default: return {};
  }
}

double FlowFacts::number(Fact fact) const {
  switch (fact) {
    case Fact::kPid: return flow_.process ? flow_.process->info.pid : 0;
    case Fact::kPort: return flow_.destination.port;
    default: return flow_.source.port;
  }
}

}  // namespace flowtap::core
