#include "native/xpc/proof.h"

#include <CommonCrypto/CommonDigest.h>
#include <stdlib.h>

#include "native/rendezvous.h"

namespace flowtap::xpc {
namespace {

std::string sha256(const std::string& bytes) {
  unsigned char digest[CC_SHA256_DIGEST_LENGTH];
  CC_SHA256(bytes.data(), static_cast<CC_LONG>(bytes.size()), digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof digest);
}

/// Looks at every byte whatever it finds. `volatile` keeps the compiler from leaving early.
bool equalInConstantTime(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;  // the size of a proof is no secret
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); i++) difference = difference | static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

std::string makeNonce() {
  std::string nonce(kNonceSize, '\0');
  ::arc4random_buf(nonce.data(), nonce.size());
  return nonce;
}

std::string hmacSha256(const std::string& key, const std::string& message) {
  constexpr size_t kBlock = 64;
  std::string inner = key.size() > kBlock ? sha256(key) : key;
  inner.resize(kBlock, '\0');
  std::string outer = inner;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return sha256(outer + sha256(inner + message));
}

std::string makeProof(const std::string& token, const std::string& name, const std::string& nonce) {
  // The name ends at its NUL, so no two (name, nonce) give the same message.
  return hmacSha256(token, std::string("flowtap rendezvous 1") + '\0' + name + '\0' + nonce);
}

bool proves(const std::string& proof, const std::vector<std::string>& tokens, const std::string& name,
            const std::string& nonce) {
  bool found = false;
  for (const std::string& token : tokens) {
    if (token.size() < ListenerOptions::kShortestToken) continue;
    const bool equal = equalInConstantTime(proof, makeProof(token, name, nonce));
    found = found | equal;
  }
  return found;
}

}  // namespace flowtap::xpc
