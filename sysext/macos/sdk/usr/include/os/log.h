/* Our own declarations of the unified log, for the cross build without Apple's SDK. The compiler lays the arguments out
 * (__builtin_os_log_format); the system keeps the format string by its place in the binary. */
#pragma once
#include <os/base.h>
#include <os/object.h>
#include <stdbool.h>
#include <stdint.h>

__BEGIN_DECLS
OS_OBJECT_DECL(os_log);
typedef uint8_t os_log_type_t;
enum { OS_LOG_TYPE_DEFAULT = 0x00, OS_LOG_TYPE_INFO = 0x01, OS_LOG_TYPE_DEBUG = 0x02, OS_LOG_TYPE_ERROR = 0x10 };
os_log_t os_log_create(const char *subsystem, const char *category);
bool os_log_type_enabled(os_log_t log, os_log_type_t type);
extern struct mach_header __dso_handle;
void _os_log_impl(void *dso, os_log_t log, os_log_type_t type, const char *format, uint8_t *buffer, uint32_t size);
__END_DECLS

#define os_log_with_type(log, type, format, ...)                                                              \
  do {                                                                                                        \
    os_log_t theLog_ = (log);                                                                                 \
    if (os_log_type_enabled(theLog_, (type))) {                                                               \
      __attribute__((section("__TEXT,__oslogstring,cstring_literals"))) static const char theFormat_[] = format; \
      uint8_t theBuffer_[__builtin_os_log_format_buffer_size(format, ##__VA_ARGS__)];                         \
      _os_log_impl(&__dso_handle, theLog_, (type), theFormat_,                                                \
                   (uint8_t *)__builtin_os_log_format(theBuffer_, format, ##__VA_ARGS__), sizeof theBuffer_); \
    }                                                                                                         \
  } while (0)
