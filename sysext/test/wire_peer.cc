// The C++ half of test/unit/endpoint/wire.test.ts. Not shipped.
//   wire-peer          reads (name, message) pairs on stdin, decodes and re-encodes each message and writes the pair back;
//                      where a message does not parse, the name comes back empty
//   wire-peer --emit   writes a pair for each message: every field set to its boundary value (see high())
// Names and messages are prefixed with their length: u32 little-endian.
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "gen/flow_pb.hpp"

namespace {

using namespace flowtap::wire;

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// The same values as `high` in the TypeScript half.
template <typename T>
void high(T& value) {
  if constexpr (std::is_same_v<T, uint32_t>) {
    value = std::numeric_limits<uint32_t>::max();
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    value = (uint64_t{1} << 53) - 1;
  } else if constexpr (std::is_same_v<T, int32_t>) {
    value = std::numeric_limits<int32_t>::min();
  } else if constexpr (std::is_same_v<T, bool>) {
    value = true;
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(std::numeric_limits<int32_t>::max());
  } else if constexpr (std::is_same_v<T, std::string>) {
    // Also a valid value of a bytes field. Longer than a two-byte length can say.
    for (int i = 0; i < 2000; i++) value += "aé漢😀 \x01";
  } else if constexpr (IsVector<T>::value) {
    typename T::value_type element{};
    value.push_back(element);
    high(element);
    value.push_back(element);
  } else if constexpr (IsOptional<T>::value) {
    high(value.emplace());
  } else {
    forEachField(value, [](auto& field) { high(field); });
  }
}

void put(const std::string& text) {
  const auto size = static_cast<uint32_t>(text.size());
  const unsigned char header[4] = {static_cast<unsigned char>(size), static_cast<unsigned char>(size >> 8),
                                   static_cast<unsigned char>(size >> 16), static_cast<unsigned char>(size >> 24)};
  std::fwrite(header, 1, sizeof header, stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

bool get(std::string& text) {
  unsigned char header[4];
  if (std::fread(header, 1, sizeof header, stdin) != sizeof header) return false;
  text.resize(header[0] | header[1] << 8 | header[2] << 16 | static_cast<size_t>(header[3]) << 24);
  return std::fread(text.data(), 1, text.size(), stdin) == text.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--emit") == 0) {
    forEachMessage([](auto message) {
      high(message);
      put(message.kName);
      put(serialise(message));
    });
    return 0;
  }
  std::string name, bytes;
  while (get(name) && get(bytes)) {
    std::string answer;
    bool good = false;
    forEachMessage([&](auto message) {
      if (name != message.kName) return;
      good = parse(bytes.data(), bytes.size(), message);
      if (good) answer = serialise(message);
    });
    put(good ? name : "");
    put(answer);
  }
  return 0;
}
