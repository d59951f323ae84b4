#include "sysext/core/host_names.h"

#include "sysext/core/utf8.h"

namespace flowtap::core {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr unsigned kTypeA = 1, kTypeAaaa = 28, kClassIn = 1;
/// An honest answer has a few records; a message has room for thousands of tiny ones.
constexpr unsigned kMaxAnswers = 64;

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  bool failed() const { return failed_; }

  unsigned u16() {
    const std::string_view two = take(2);
    return failed_ ? 0 : static_cast<unsigned char>(two[0]) << 8 | static_cast<unsigned char>(two[1]);
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

 private:
  std::string_view message_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

void HostNames::learn(std::string_view message) {
  if (message.size() < kHeaderBytes) return;
  Reader reader(message);
  reader.u16();  // id
  const unsigned flags = reader.u16();
  const unsigned questions = reader.u16();
  const unsigned answers = reader.u16();
  reader.take(4);  // authority and additional records: not needed
  const bool goodAnswer = (flags & 0x8000) != 0 && (flags & 0x7800) == 0 && (flags & 0x000F) == 0;
  if (!goodAnswer || questions != 1 || answers == 0) return;
  const std::string asked = toUtf8(reader.name(), 255);
  reader.take(4);  // type and class
  if (reader.failed() || asked.empty()) return;
  // The program asked for this name, whatever aliases (CNAME) lead to the address.
  const auto name = std::make_shared<const std::string>(asked);
  for (unsigned i = 0; i < answers && i < kMaxAnswers; i++) {
    reader.name();
    const unsigned type = reader.u16();
    const unsigned rrClass = reader.u16();
    reader.take(4);  // time to live: the program may use the address for longer
    const std::string_view data = reader.take(reader.u16());
    if (reader.failed()) return;
    if (rrClass == kClassIn && ((type == kTypeA && data.size() == 4) || (type == kTypeAaaa && data.size() == 16)))
      put(data, name);
  }
}

void HostNames::put(std::string_view address, const Name& name) {
  if (const auto known = byAddress_.find(address); known != byAddress_.end()) {
    known->second->name = name;
    entries_.splice(entries_.begin(), entries_, known->second);
    return;
  }
  entries_.push_front({std::string(address), name});
  byAddress_.emplace(entries_.front().address, entries_.begin());
  if (entries_.size() <= limit_) return;
  byAddress_.erase(entries_.back().address);
  entries_.pop_back();
}

HostNames::Name HostNames::find(const Address& address) {
  const auto known = byAddress_.find({reinterpret_cast<const char*>(address.bytes.data()), address.size});
  if (known == byAddress_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, known->second);
  return known->second->name;
}

}  // namespace flowtap::core
