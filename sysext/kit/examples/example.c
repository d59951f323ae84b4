/* The lines that show a proxy's flows, in a program that makes one up each second: example NAME. See docs/kit.md. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flowtap_kit.h"

int main(int argc, char **argv) {
  flowtap_options options = {.program = "Example", .token = "a secret of 16 bytes or more"};
  char error[256];
  flowtap_endpoint *endpoint = flowtap_endpoint_start(argc > 1 ? argv[1] : "", &options, error, sizeof error);
  if (!endpoint) return fprintf(stderr, "example: %s\n", error), 1;
  for (;; sleep(1)) {
    const char *request = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    flowtap_flow_info info = {.protocol = FLOWTAP_TCP, .uid = getuid(), .pid = getpid(), .process_name = "example"};
    info.destination_address = "203.0.113.7";
    info.destination_port = 80;
    flowtap_flow *flow = flowtap_flow_open(endpoint, &info);
    flowtap_flow_connected(flow);
    flowtap_flow_data(flow, FLOWTAP_UP, request, strlen(request));
    flowtap_flow_ended(flow, FLOWTAP_UP);
    flowtap_flow_close(flow, FLOWTAP_EOF, 0);
  }
}
