// Test-only stand-in: the CoreFoundation that native/xpc uses.
#pragma once
#include <stdint.h>

extern "C" {
typedef const void* CFTypeRef;
typedef const struct __CFString* CFStringRef;
typedef const struct __CFAllocator* CFAllocatorRef;
typedef uint32_t CFStringEncoding;
#define kCFAllocatorDefault (static_cast<CFAllocatorRef>(nullptr))
#define kCFStringEncodingUTF8 0x08000100u
CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator, const char* text, CFStringEncoding encoding);
void CFRelease(CFTypeRef object);
}
