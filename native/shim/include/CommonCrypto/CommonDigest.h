// Test-only stand-in: SHA-256 as native/xpc uses it.
#pragma once
#include <stdint.h>

extern "C" {
typedef uint32_t CC_LONG;
#define CC_SHA256_DIGEST_LENGTH 32
#define CC_SHA256_BLOCK_BYTES 64
unsigned char* CC_SHA256(const void* data, CC_LONG size, unsigned char* digest);
}
