/* A proxy in plain C that shows its flows through the kit: kit-feed NAME THREADS
 * Prints "serving" once clients can connect, streams flows from so many threads until its input ends, and prints
 * "FLOWS BYTES" of what it did. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysext/kit/include/flowtap_kit.h"

static flowtap_endpoint *endpoint;
static atomic_bool done;
static atomic_ullong flows, bytes;

static void *stream(void *unused) {
  (void)unused;
  char piece[1000];
  memset(piece, 'x', sizeof piece);
  while (!atomic_load(&done)) {
    const flowtap_flow_info info = {
        .protocol = FLOWTAP_TCP,
        .uid = (uint32_t)getuid(),
        .pid = (uint32_t)getpid(),
        .process_name = "kit-feed",
        .source_address = "192.0.2.1",
        .source_port = 40000,
        .destination_address = "203.0.113.7",
        .destination_port = 443,
        .host = "example.com",
    };
    flowtap_flow *flow = flowtap_flow_open(endpoint, &info);
    flowtap_flow_connected(flow);
    for (int i = 0; i < 20; i++) {
      flowtap_flow_data(flow, i % 2 ? FLOWTAP_DOWN : FLOWTAP_UP, piece, sizeof piece);
      atomic_fetch_add(&bytes, flow ? sizeof piece : 0);
    }
    flowtap_flow_ended(flow, FLOWTAP_UP);
    atomic_fetch_add(&flows, flow ? 1 : 0);
    flowtap_flow_close(flow, FLOWTAP_EOF, 0);
    usleep(200);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: kit-feed NAME THREADS\n");
    return 2;
  }
  char error[256];
  endpoint = flowtap_endpoint_start(argv[1], NULL, error, sizeof error);
  if (!endpoint) {
    fprintf(stderr, "kit-feed: %s\n", error);
    return 1;
  }
  pthread_t threads[16];
  int count = atoi(argv[2]);
  if (count > 16) count = 16;
  for (int i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, stream, NULL) != 0) return 1;
  printf("serving\n");
  fflush(stdout);
  while (getchar() != EOF) continue;
  atomic_store(&done, true);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  flowtap_endpoint_stop(endpoint);
  printf("%llu %llu\n", (unsigned long long)flows, (unsigned long long)bytes);
  return 0;
}
