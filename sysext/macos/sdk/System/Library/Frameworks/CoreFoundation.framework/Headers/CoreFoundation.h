// Our own declarations of the CoreFoundation calls that Flowtap makes, for the cross build without Apple's SDK.
#pragma once
#include <MacTypes.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS
typedef const void *CFTypeRef;
typedef const struct __CFAllocator *CFAllocatorRef;
typedef const struct __CFString *CFStringRef;
typedef uint32_t CFStringEncoding;
enum { kCFStringEncodingUTF8 = 0x08000100 };
extern const CFAllocatorRef kCFAllocatorDefault;
CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator, const char *text, CFStringEncoding encoding);
void CFRelease(CFTypeRef object);
void CFRunLoopRun(void);
__END_DECLS
