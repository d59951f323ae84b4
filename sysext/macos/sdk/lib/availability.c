// What @available calls, for the cross build: Apple's compiler brings it in a library of its own.
#include <stdbool.h>
#include <stdint.h>

/// A platform and a version (16 bits major, 8 minor, 8 subminor), as dyld counts them.
struct Build {
  uint32_t platform;
  uint32_t version;
};
/// libSystem, since 10.15: whether the running system is at least each of these.
extern bool _availability_version_check(uint32_t count, struct Build *builds);

int32_t __isPlatformVersionAtLeast(uint32_t platform, uint32_t major, uint32_t minor, uint32_t subminor);
int32_t __isPlatformVersionAtLeast(uint32_t platform, uint32_t major, uint32_t minor, uint32_t subminor) {
  struct Build build = {platform, (major & 0xffff) << 16 | (minor & 0xff) << 8 | (subminor & 0xff)};
  return _availability_version_check(1, &build);
}
