// Our own declarations of the code-signing calls that Flowtap makes, for the cross build without Apple's SDK.
#pragma once
#include <CoreFoundation/CoreFoundation.h>
#include <os/availability.h>
#include <xpc/xpc.h>

__BEGIN_DECLS
typedef uint32_t SecCSFlags;
typedef struct __SecCode *SecCodeRef;
typedef struct __SecRequirement *SecRequirementRef;
enum { kSecCSDefaultFlags = 0 };
enum { errSecSuccess = 0 };
OSStatus SecRequirementCreateWithString(CFStringRef text, SecCSFlags flags, SecRequirementRef *requirement);
OSStatus SecCodeCreateWithXPCMessage(xpc_object_t message, SecCSFlags flags, SecCodeRef *target)
    API_AVAILABLE(macos(11.0));
OSStatus SecCodeCheckValidity(SecCodeRef code, SecCSFlags flags, SecRequirementRef requirement);
__END_DECLS
