// Our own declarations of the endpoint calls of the Network framework that Flowtap makes, for the cross build without
// Apple's SDK.
#pragma once
#include <os/availability.h>
#include <os/object.h>
#include <stdint.h>
#include <sys/socket.h>

__BEGIN_DECLS
_Pragma("clang assume_nonnull begin")

OS_OBJECT_DECL(nw_endpoint);
OS_OBJECT_DECL(nw_interface);

typedef enum : unsigned int {
  nw_endpoint_type_invalid = 0,
  nw_endpoint_type_address = 1,
  nw_endpoint_type_host = 2,
} nw_endpoint_type_t;

API_AVAILABLE(macos(10.14)) nw_endpoint_type_t nw_endpoint_get_type(nw_endpoint_t endpoint);
API_AVAILABLE(macos(10.14))
OS_OBJECT_RETURNS_RETAINED nw_endpoint_t nw_endpoint_create_host(const char *hostname, const char *port);
API_AVAILABLE(macos(10.14)) const char *nw_endpoint_get_hostname(nw_endpoint_t endpoint);
API_AVAILABLE(macos(10.14)) uint16_t nw_endpoint_get_port(nw_endpoint_t endpoint);
API_AVAILABLE(macos(10.14)) const struct sockaddr *nw_endpoint_get_address(nw_endpoint_t endpoint);
API_AVAILABLE(macos(10.14)) uint32_t nw_interface_get_index(nw_interface_t interface);

_Pragma("clang assume_nonnull end")
__END_DECLS
