// What the fuzz targets share. Each target is one file with one LLVMFuzzerTestOneInput (LibFuzzer), a folder of inputs in
// corpus/ and a line in scripts/native-targets.mjs. `npm run fuzz` runs them.
#pragma once
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace flowtap::fuzz {

/// An input that breaks a promise ends the program, as a fault of memory does.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

/// Parsers get their input in a block of its own size, so that AddressSanitizer sees a read past its end.
inline std::string rest(FuzzedDataProvider& input) {
  std::string bytes = input.ConsumeRemainingBytesAsString();
  bytes.shrink_to_fit();
  return bytes;
}

}  // namespace flowtap::fuzz
