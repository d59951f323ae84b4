#include "sysext/core/dns_message.h"

#include <algorithm>

namespace flowtap::core {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr unsigned kTypeA = 1, kTypeCname = 5, kTypeAaaa = 28, kTypeAny = 255, kClassIn = 1;
constexpr unsigned kFlagAnswer = 0x8000, kOpcode = 0x7800, kResponseCode = 0x000F;
/// An honest answer has a few records; a message has room for thousands of tiny ones.
constexpr unsigned kMaxAnswers = 64;

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  bool failed() const { return failed_; }

  uint16_t u16() {
    const std::string_view two = take(2);
    if (failed_) return 0;
    return static_cast<uint16_t>(static_cast<unsigned char>(two[0]) << 8 | static_cast<unsigned char>(two[1]));
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string_view take(size_t size) {
    if (failed_ || size > message_.size() - at_) {
      failed_ = true;
      return {};
    }
    const std::string_view part = message_.substr(at_, size);
    at_ += size;
    return part;
  }

  /// A name, with compression (RFC 1035, section 4.1.4), in the text form without the final dot.
  std::string name() {
    std::string text;
    size_t at = at_;
    bool jumped = false;
    for (int labels = 0; labels < 128; labels++) {
      if (failed_ || at >= message_.size()) break;
      const unsigned length = static_cast<unsigned char>(message_[at]);
      if (length == 0) {
        if (!jumped) at_ = at + 1;
        return text;
      }
      if ((length & 0xC0) == 0xC0) {
        if (at + 1 >= message_.size()) break;
        const size_t target = (length & 0x3F) << 8 | static_cast<unsigned char>(message_[at + 1]);
        if (!jumped) at_ = at + 2;
        if (target >= at) break;  // only backwards, so that it ends
        jumped = true;
        at = target;
        continue;
      }
      if (length > 63 || at + 1 + length > message_.size() || text.size() + length > 254) break;
      if (!text.empty()) text += '.';
      text.append(message_.substr(at + 1, length));
      at += 1 + length;
    }
    failed_ = true;
    return {};
  }

  /// The alias that a CNAME's data names; reading goes on behind the data.
  std::string nameWithin(size_t size) {
    const size_t end = at_ + size;
    std::string text = name();
    if (!failed_ && at_ != end) failed_ = true;
    return text;
  }

 private:
  std::string_view message_;
  size_t at_ = 0;
  bool failed_ = false;
};

std::string inSmallLetters(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

struct Header {
  unsigned flags = 0, answers = 0;
};

/// Header and question, which queries and answers have alike.
std::optional<DnsQuestion> readQuestion(Reader& reader, Header& header) {
  DnsQuestion question;
  question.id = reader.u16();
  header.flags = reader.u16();
  const unsigned questions = reader.u16();
  header.answers = reader.u16();
  reader.take(4);  // authority and additional records: not needed
  if (reader.failed() || (header.flags & kOpcode) != 0 || questions != 1) return std::nullopt;
  question.name = reader.name();
  question.type = reader.u16();
  question.rrClass = reader.u16();
  if (reader.failed() || question.name.empty()) return std::nullopt;
  return question;
}

struct Record {
  std::string owner;
  std::string alias;    // of a CNAME
  DnsAddress address;   // of any other
};

/// The records up to the first that is not whole.
std::vector<Record> readRecords(Reader& reader, const DnsQuestion& question, unsigned count) {
  std::vector<Record> records;
  for (unsigned i = 0; i < count && i < kMaxAnswers; i++) {
    Record record;
    record.owner = inSmallLetters(reader.name());
    const unsigned type = reader.u16();
    const unsigned rrClass = reader.u16();
    record.address.timeToLive = reader.u32();
    const size_t size = reader.u16();
    if (type == kTypeCname) record.alias = inSmallLetters(reader.nameWithin(size));
    else record.address.bytes = reader.take(size);
    if (reader.failed()) break;
    const bool asked = type == question.type || question.type == kTypeAny;
    const bool address = (type == kTypeA && size == 4) || (type == kTypeAaaa && size == 16);
    if (rrClass == kClassIn && (type == kTypeCname || (asked && address))) records.push_back(std::move(record));
  }
  return records;
}

/// Only what belongs to the name that was asked for: a server may add what it likes.
std::vector<DnsAddress> addressesOf(const DnsQuestion& question, std::vector<Record> records) {
  std::vector<std::string> names = {question.smallName()};
  const auto isName = [&names](const std::string& owner) {
    return std::find(names.begin(), names.end(), owner) != names.end();
  };
  // Aliases may stand in any order. Each round but the last adds one.
  for (size_t known = 0; known != names.size();) {
    known = names.size();
    for (const Record& each : records)
      if (!each.alias.empty() && isName(each.owner) && !isName(each.alias)) names.push_back(each.alias);
  }
  std::vector<DnsAddress> addresses;
  for (Record& each : records)
    if (each.alias.empty() && !each.address.bytes.empty() && isName(each.owner))
      addresses.push_back(std::move(each.address));
  return addresses;
}

}  // namespace

std::string DnsQuestion::smallName() const { return inSmallLetters(name); }

std::optional<DnsQuestion> parseDnsQuery(std::string_view message) {
  Reader reader(message);
  Header header;
  auto question = readQuestion(reader, header);
  if (!question || (header.flags & kFlagAnswer) != 0) return std::nullopt;
  return question;
}

std::optional<DnsAnswer> parseDnsAnswer(std::string_view message) {
  if (message.size() < kHeaderBytes) return std::nullopt;
  Reader reader(message);
  Header header;
  auto question = readQuestion(reader, header);
  if (!question || (header.flags & kFlagAnswer) == 0) return std::nullopt;
  DnsAnswer answer;
  if ((header.flags & kResponseCode) == 0)
    answer.addresses = addressesOf(*question, readRecords(reader, *question, header.answers));
  answer.question = std::move(*question);
  return answer;
}

}  // namespace flowtap::core
