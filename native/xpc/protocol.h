// What the two ends of an XPC rendezvous say to each other, version 1. Three requests, each answered:
//   hello   -> a nonce, and whether this peer has to prove that it knows a token
//   open    the proof, and the transports the client can use -> the transport, and for kDescriptor the client's socket
//   taken   the client holds its socket -> the listener now hands its end to the service
// After hello, a peer that needs no token may ask instead, and gets no socket:
//   grant, revoke   a token of its own uid -> whether that was done
// Over kMessages the connection then carries the stream itself: data, credit and end, in both directions.
// Every answer has kError, and kText where that is not 0. A message of the other side is hostile until it is checked.
#pragma once
#include <cstdint>

namespace flowtap::xpc {

constexpr uint64_t kVersion = 1;

enum class Op : uint64_t { kHello = 1, kOpen, kTaken, kData, kCredit, kEnd, kGrant, kRevoke };

/// Bits of kTransports; kTransport is one of them.
enum Transport : uint64_t {
  kDescriptor = 1,  ///< one end of a socket pair crosses
  kMessages = 2,    ///< where a sandbox lets no descriptor cross
};

// Keys.
constexpr const char* kKeyVersion = "version";
constexpr const char* kKeyOp = "op";
constexpr const char* kKeyError = "error";  ///< a ConnectError
constexpr const char* kKeyText = "text";
constexpr const char* kKeyNonce = "nonce";
constexpr const char* kKeyProof = "proof";
constexpr const char* kKeyNeedsToken = "needs-token";
constexpr const char* kKeyTransports = "transports";
constexpr const char* kKeyTransport = "transport";
constexpr const char* kKeySocket = "socket";
constexpr const char* kKeyBytes = "bytes";
constexpr const char* kKeyCount = "count";
constexpr const char* kKeyToken = "token";

/// Bytes a side may have under way over kMessages before the other has given credit back.
constexpr uint64_t kWindow = 256 * 1024;
/// The most bytes of one data message.
constexpr uint64_t kChunk = 64 * 1024;

/// Handshakes that one uid may leave unfinished: a further one ends the oldest.
constexpr int kMostPending = 64;
/// Streams over kMessages that one uid may have: each costs a thread.
constexpr int kMostStreams = 16;
/// How long a client waits for the handshake, in seconds.
constexpr int kPatience = 5;

}  // namespace flowtap::xpc
