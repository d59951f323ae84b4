// What queries can ask of a flow when it opens, as text and numbers.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sysext/core/flow.h"

namespace flowtap::core {

enum class Fact : uint8_t {
  kAnyText, kProcess, kPath, kCommand, kParent, kHost, kAddress, kSource, kProtocol, kDirection, kCapture,  // texts
  kPid, kPort, kSourcePort,                                                                                 // numbers
};
constexpr size_t kTextFacts = static_cast<size_t>(Fact::kPid);

struct QueryField {
  const char* name;
  enum class Kind { kText, kWord, kNumber, kNotYet } kind;  ///< kNotYet: nobody knows it when a flow opens
  Fact fact;
};
/// Null where no field has this name.
const QueryField* fieldOf(std::string_view name);
/// "process, path, ..."
std::string knownFields();
/// The field with nearly this name, or null.
const QueryField* nearField(std::string_view name);
/// Edits between two words, for slips of the finger.
size_t editDistance(std::string_view a, std::string_view b);

/// "192.0.2.1", "2001:db8::1" (RFC 5952); "" where the address is unknown.
std::string addressText(const Address& address);

/// The facts of one flow. Each is worked out when a rule first asks for it.
class FlowFacts {
 public:
  explicit FlowFacts(const FlowStart& flow) : flow_(flow) {}
  /// Several for parents and for kAnyText; A to Z in lower case.
  const std::vector<std::string>& texts(Fact fact);
  double number(Fact fact) const;

 private:
  std::vector<std::string> find(Fact fact);

  const FlowStart& flow_;
  std::array<std::optional<std::vector<std::string>>, kTextFacts> texts_;
};

}  // namespace flowtap::core
