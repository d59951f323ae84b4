// Proof that a peer knows a token, without showing it: a listener that is an impostor learns nothing, and what was said
// once is worth nothing the next time.
#pragma once
#include <string>
#include <vector>

namespace flowtap::xpc {

constexpr size_t kNonceSize = 32;

/// Fresh random bytes.
std::string makeNonce();
/// HMAC-SHA-256 (RFC 2104), keyed with the token, of the service's name and the nonce.
std::string makeProof(const std::string& token, const std::string& name, const std::string& nonce);
/// Whether the proof is that of one of the tokens. The time taken depends on the number of tokens only.
bool proves(const std::string& proof, const std::vector<std::string>& tokens, const std::string& name,
            const std::string& nonce);
std::string hmacSha256(const std::string& key, const std::string& message);

}  // namespace flowtap::xpc
