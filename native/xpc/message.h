// Building and reading the dictionaries of protocol.h.
#pragma once
#include <xpc/xpc.h>

#include <string>

#include "native/rendezvous.h"
#include "native/xpc/handle.h"
#include "native/xpc/protocol.h"

namespace flowtap::xpc {

inline Object makeMessage(Op op) {
  Object message(xpc_dictionary_create(nullptr, nullptr, 0));
  xpc_dictionary_set_uint64(message.get(), kKeyVersion, kVersion);
  xpc_dictionary_set_uint64(message.get(), kKeyOp, static_cast<uint64_t>(op));
  return message;
}
inline Op opOf(xpc_object_t message) { return static_cast<Op>(xpc_dictionary_get_uint64(message, kKeyOp)); }

inline void setBytes(xpc_object_t message, const char* key, const std::string& bytes) {
  xpc_dictionary_set_data(message, key, bytes.data(), bytes.size());
}
/// Empty where there are none, or more than `most`.
inline std::string getBytes(xpc_object_t message, const char* key, size_t most) {
  size_t size = 0;
  const void* const bytes = xpc_dictionary_get_data(message, key, &size);
  return bytes && size <= most ? std::string(static_cast<const char*>(bytes), size) : std::string();
}
/// The other side's text for a log or a person: bounded, without control characters.
inline std::string getText(xpc_object_t message, const char* key) {
  constexpr size_t kLongest = 500;
  const char* const found = xpc_dictionary_get_string(message, key);
  std::string text;
  for (const char* c = found; c && *c && text.size() < kLongest; c++)
    text.push_back(static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f ? ' ' : *c);
  return text;
}

}  // namespace flowtap::xpc
