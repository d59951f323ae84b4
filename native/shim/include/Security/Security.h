// Test-only stand-in: the code-signing services that native/xpc uses. A process satisfies a requirement that equals its
// identity (native/shim/shim.h); a requirement that starts with '!' is malformed.
#pragma once
#include <CoreFoundation/CoreFoundation.h>
#include <xpc/xpc.h>

extern "C" {
typedef int32_t OSStatus;
typedef uint32_t SecCSFlags;
typedef const struct __SecCode* SecCodeRef;
typedef const struct __SecRequirement* SecRequirementRef;
#define errSecSuccess 0
#define kSecCSDefaultFlags 0u
OSStatus SecRequirementCreateWithString(CFStringRef text, SecCSFlags flags, SecRequirementRef* requirement);
OSStatus SecCodeCreateWithXPCMessage(xpc_object_t message, SecCSFlags flags, SecCodeRef* code);
OSStatus SecCodeCheckValidity(SecCodeRef code, SecCSFlags flags, SecRequirementRef requirement);
}
