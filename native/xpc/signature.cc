#include "native/xpc/signature.h"

#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>

namespace flowtap::xpc {

bool senderMeets(xpc_object_t message, const std::string& requirement) {
  const CFStringRef text = CFStringCreateWithCString(kCFAllocatorDefault, requirement.c_str(), kCFStringEncodingUTF8);
  if (!text) return false;
  SecRequirementRef parsed = nullptr;
  const bool wellFormed = SecRequirementCreateWithString(text, kSecCSDefaultFlags, &parsed) == errSecSuccess;
  CFRelease(text);
  if (!wellFormed) return false;
  // From the message's audit token (macOS 11), so a process that took over the pid does not count.
  SecCodeRef sender = nullptr;
  const bool known = SecCodeCreateWithXPCMessage(message, kSecCSDefaultFlags, &sender) == errSecSuccess;
  const bool meets = known && SecCodeCheckValidity(sender, kSecCSDefaultFlags, parsed) == errSecSuccess;
  if (known) CFRelease(sender);
  CFRelease(parsed);
  return meets;
}

}  // namespace flowtap::xpc
