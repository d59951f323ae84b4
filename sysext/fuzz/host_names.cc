// Queries of captured programs, and the answers of name servers.
#include "sysext/core/dns_message.h"
#include "sysext/core/host_names.h"
#include "sysext/core/utf8.h"
#include "sysext/fuzz/fuzz.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  core::HostNames names(4);
  core::Address address;
  address.size = 4;
  address.bytes = {192, 0, 2, 1};
  uint64_t now = 0;
  while (input.remaining_bytes() > 0) {
    std::string message = input.ConsumeRandomLengthString(1500);
    message.shrink_to_fit();
    core::DnsExchange exchange{address, address, message.empty() ? 0u : static_cast<unsigned char>(message.back()) % 3};
    std::string query = message;
    if (query.size() > 2) query[2] = static_cast<char>(query[2] & 0x7F);  // what is answered was asked
    names.query(exchange, query);
    names.answer(exchange, message, now += 40'000);
    fuzz::require(names.size() <= 4, "no more names than the limit");
    if (const auto answer = core::parseDnsAnswer(message)) {
      fuzz::require(!answer->question.name.empty(), "a question has a name");
      for (const auto& each : answer->addresses)
        fuzz::require(each.bytes.size() == 4 || each.bytes.size() == 16, "an address has 4 or 16 bytes");
    }
    if (const auto name = names.find(address, 1, now)) {
      fuzz::require(!name->empty() && name->size() <= 255, "a name has 1 to 255 bytes");
      fuzz::require(core::toUtf8(*name, 255) == *name, "a name is UTF-8");
    }
  }
  return 0;
}
