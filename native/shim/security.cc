#include <CommonCrypto/CommonDigest.h>
#include <Security/Security.h>

#include <cstring>
#include <string>

#include "native/shim/object.h"

// Everything CoreFoundation here is a text with a reference count of one.
namespace {
struct Text {
  std::string text;
  explicit Text(std::string t) : text(std::move(t)) { shim::countObject(1); }
  ~Text() { shim::countObject(-1); }
};
const Text* asText(const void* object) {
  if (!object) shim::trap("NULL is no CoreFoundation object");
  return static_cast<const Text*>(object);
}

uint32_t rotate(uint32_t value, int by) { return value >> by | value << (32 - by); }
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};  // FIPS 180-4, 4.2.2

void block(uint32_t* state, const unsigned char* bytes) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++)
    w[i] = static_cast<uint32_t>(bytes[4 * i]) << 24 | static_cast<uint32_t>(bytes[4 * i + 1]) << 16 |
           static_cast<uint32_t>(bytes[4 * i + 2]) << 8 | bytes[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    const uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];
  std::memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; i++) {
    const uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
    const uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + kRound[i] + w[i];
    const uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
    const uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    std::memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}
}  // namespace

extern "C" {
CFStringRef CFStringCreateWithCString(CFAllocatorRef, const char* text, CFStringEncoding) {
  return reinterpret_cast<CFStringRef>(new Text(text));
}
void CFRelease(CFTypeRef object) { delete asText(object); }
OSStatus SecRequirementCreateWithString(CFStringRef text, SecCSFlags, SecRequirementRef* requirement) {
  if (asText(text)->text[0] == '!') return -67052;  // errSecCSReqInvalid
  *requirement = reinterpret_cast<SecRequirementRef>(new Text(asText(text)->text));
  return errSecSuccess;
}
OSStatus SecCodeCreateWithXPCMessage(xpc_object_t message, SecCSFlags, SecCodeRef* code) {
  const auto* received = shim::asDictionary(message);
  if (!received->connection) return -67065;  // errSecCSNoSuchCode: not a received message
  *code = reinterpret_cast<SecCodeRef>(new Text(received->senderSignature));
  return errSecSuccess;
}
OSStatus SecCodeCheckValidity(SecCodeRef code, SecCSFlags, SecRequirementRef requirement) {
  return asText(code)->text == asText(requirement)->text ? errSecSuccess : -67050;  // errSecCSReqFailed
}

unsigned char* CC_SHA256(const void* data, CC_LONG size, unsigned char* digest) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded(static_cast<const char*>(data), size);
  padded.push_back(static_cast<char>(0x80));
  padded.resize((padded.size() + 8 + 63) / 64 * 64 - 8);
  for (int shift = 56; shift >= 0; shift -= 8) padded.push_back(static_cast<char>(uint64_t{size} * 8 >> shift));
  for (size_t at = 0; at < padded.size(); at += 64) block(state, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  for (int i = 0; i < 32; i++) digest[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}
}
