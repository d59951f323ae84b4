// DNS messages from the wire (RFC 1035, section 4), as far as names of hosts are concerned.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flowtap::core {

constexpr uint16_t kDnsPort = 53;

struct DnsQuestion {
  uint16_t id = 0;
  std::string name;  ///< as it was asked, without the final dot; not empty
  uint16_t type = 0, rrClass = 0;

  /// The same in small letters: an answer may write the name in another way (RFC 4343).
  std::string smallName() const;
};

/// Where the answer says that the name is, whatever aliases (CNAME) lead there.
struct DnsAddress {
  std::string bytes;  ///< 4 or 16
  uint32_t timeToLive = 0;
};

struct DnsAnswer {
  DnsQuestion question;
  std::vector<DnsAddress> addresses;  ///< none where the server has a failure to tell
};

/// Nothing for anything but a well-formed query with one question.
std::optional<DnsQuestion> parseDnsQuery(std::string_view message);
/// The same for an answer. One that was cut off has the addresses that are whole.
std::optional<DnsAnswer> parseDnsAnswer(std::string_view message);

}  // namespace flowtap::core
