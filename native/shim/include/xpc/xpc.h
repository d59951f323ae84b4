// Test-only stand-in for libxpc on Linux: the part that native/xpc uses, within one process. What traps on macOS (use of
// an inactive connection, over-release, a wrong type) aborts here too. Contracts after the public headers' comments.
#pragma once
#include <dispatch/dispatch.h>
#include <stdint.h>
#include <sys/types.h>

extern "C" {
typedef void* xpc_object_t;
typedef struct _xpc_connection_s* xpc_connection_t;
typedef const struct _xpc_type_s* xpc_type_t;
typedef void (^xpc_handler_t)(xpc_object_t object);

extern const struct _xpc_type_s _xpc_type_connection, _xpc_type_dictionary, _xpc_type_error, _xpc_type_fd;
#define XPC_TYPE_CONNECTION (&_xpc_type_connection)
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)
#define XPC_TYPE_ERROR (&_xpc_type_error)
#define XPC_TYPE_FD (&_xpc_type_fd)

extern const xpc_object_t _shim_error_interrupted, _shim_error_invalid, _shim_error_requirement, _shim_error_termination;
#define XPC_ERROR_CONNECTION_INTERRUPTED _shim_error_interrupted
#define XPC_ERROR_CONNECTION_INVALID _shim_error_invalid
#define XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT _shim_error_requirement
#define XPC_ERROR_TERMINATION_IMMINENT _shim_error_termination

#define XPC_CONNECTION_MACH_SERVICE_LISTENER (1 << 0)
#define XPC_CONNECTION_MACH_SERVICE_PRIVILEGED (1 << 1)

xpc_object_t xpc_retain(xpc_object_t object);
void xpc_release(xpc_object_t object);
xpc_type_t xpc_get_type(xpc_object_t object);

xpc_object_t xpc_fd_create(int fd);
xpc_object_t xpc_dictionary_create(const char* const* keys, const xpc_object_t* values, size_t count);
xpc_object_t xpc_dictionary_create_reply(xpc_object_t message);
void xpc_dictionary_set_value(xpc_object_t dictionary, const char* key, xpc_object_t value);
void xpc_dictionary_set_uint64(xpc_object_t dictionary, const char* key, uint64_t value);
void xpc_dictionary_set_string(xpc_object_t dictionary, const char* key, const char* value);
void xpc_dictionary_set_data(xpc_object_t dictionary, const char* key, const void* bytes, size_t size);
uint64_t xpc_dictionary_get_uint64(xpc_object_t dictionary, const char* key);
const char* xpc_dictionary_get_string(xpc_object_t dictionary, const char* key);
const void* xpc_dictionary_get_data(xpc_object_t dictionary, const char* key, size_t* size);
int xpc_dictionary_dup_fd(xpc_object_t dictionary, const char* key);

xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t queue, uint64_t flags);
void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t queue);
void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler);
int xpc_connection_set_peer_code_signing_requirement(xpc_connection_t connection, const char* requirement);
void xpc_connection_activate(xpc_connection_t connection);
void xpc_connection_cancel(xpc_connection_t connection);
void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message);
void xpc_connection_send_message_with_reply(xpc_connection_t connection, xpc_object_t message, dispatch_queue_t queue,
                                            xpc_handler_t handler);
void xpc_connection_send_barrier(xpc_connection_t connection, dispatch_block_t barrier);
uid_t xpc_connection_get_euid(xpc_connection_t connection);
gid_t xpc_connection_get_egid(xpc_connection_t connection);
pid_t xpc_connection_get_pid(xpc_connection_t connection);
}
