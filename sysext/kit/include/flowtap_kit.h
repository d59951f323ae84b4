/**
 * Flowtap's endpoint kit: shows the flows of your own proxy live in VS Code and in `flowtap watch`.
 *
 * A provider (NETransparentProxyProvider, NEFilterDataProvider, any daemon) starts an endpoint under a name and says what
 * happens to its flows. The endpoint serves any number of clients at once; each sees only the flows of its own user.
 *
 * Threads: every function may be called from any thread and returns without waiting for a client, the network or a file,
 * except flowtap_endpoint_stop(). Calls for one direction of one flow should come from one thread at a time (a serial
 * queue), as their order is the order of the payload.
 *
 * Memory: bounded by flowtap_options. What does not fit is counted and told to the clients; it never slows a flow.
 *
 * NULL is allowed for every endpoint and flow: the call then does nothing. So a provider goes on where an endpoint could
 * not be started or a flow was beyond the limit.
 */
#ifndef FLOWTAP_KIT_H
#define FLOWTAP_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define FLOWTAP_NULLABLE _Nullable
#else
#define FLOWTAP_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flowtap_endpoint flowtap_endpoint;
typedef struct flowtap_flow flowtap_flow;

/** Who may connect, and the bounds. Start from `flowtap_options options = {0};`: 0 and NULL mean the default. */
typedef struct flowtap_options {
  /** Shown to people as the origin of the flows, e.g. "Example Proxy". Default: the endpoint's name. */
  const char *FLOWTAP_NULLABLE program;
  /**
   * macOS: your Team ID, ten characters. Programs that this team signed may connect. Each still sees the flows of its own
   * user only, by the uid that the kernel gives. Linux: unused; programs of the endpoint's own user may connect.
   */
  const char *FLOWTAP_NULLABLE team;
  /**
   * macOS: a secret of at least 16 bytes. A program of another team, such as Visual Studio Code, may connect where it
   * proves that it knows it; the secret itself never crosses. NULL: only your team. Linux: unused.
   */
  const char *FLOWTAP_NULLABLE token;
  /** Flows that may live at once. Default 4096. */
  uint32_t max_flows;
  /** The first bytes of each direction of a flow that clients may read; the rest is counted. Default 16384. */
  uint32_t body_limit;
  /** Bytes of payload that may wait for the kit's thread; what comes on top is left out and counted. Default 8 MiB. */
  uint32_t queue_bytes;
  /**
   * Called on threads of the kit, for a log: who was turned away and why. The text holds no payload. Objective-C: those
   * threads have no autorelease pool, so bring one (@autoreleasepool).
   */
  void (*FLOWTAP_NULLABLE log)(void *FLOWTAP_NULLABLE context, const char *message);
  void *FLOWTAP_NULLABLE context;
} flowtap_options;

/**
 * Starts an endpoint. macOS: `name` is the Mach service that Info.plist has under NetworkExtension > NEMachServiceName.
 * Linux: the path of a Unix socket in a folder that belongs to this user with mode 0700 (it is made where absent).
 *
 * Returns NULL on failure and says in `error` what is wrong and what to do. macOS: whether launchd gives the name to this
 * process is known later only; options.log then says so.
 */
flowtap_endpoint *FLOWTAP_NULLABLE flowtap_endpoint_start(const char *name,
                                                          const flowtap_options *FLOWTAP_NULLABLE options,
                                                          char *FLOWTAP_NULLABLE error, size_t error_size);

/**
 * Closes the live flows as "proxy stopped", lets clients read what is left for at most one second, and frees the
 * endpoint. Flows that are still open must be closed nevertheless: flowtap_flow_close() frees them. Not to be called from
 * options.log. No log call comes after it returns.
 */
void flowtap_endpoint_stop(flowtap_endpoint *FLOWTAP_NULLABLE endpoint);

/** What the endpoint has done so far. */
typedef struct flowtap_statistics {
  uint64_t opened;        /**< flows */
  uint64_t refused;       /**< flows beyond max_flows */
  uint64_t left_out;      /**< payload bytes that queue_bytes had no room for */
  uint32_t live;          /**< flows */
  uint32_t clients;       /**< connected */
} flowtap_statistics;
void flowtap_endpoint_statistics(flowtap_endpoint *FLOWTAP_NULLABLE endpoint, flowtap_statistics *statistics);

typedef enum flowtap_protocol { FLOWTAP_TCP = 1, FLOWTAP_UDP = 2 } flowtap_protocol;

/** Up: from the program to the network. */
typedef enum flowtap_direction { FLOWTAP_UP = 1, FLOWTAP_DOWN = 2 } flowtap_direction;

/** What is known of a flow when it begins. Everything but the protocol may be left 0 or NULL. Strings are copied. */
typedef struct flowtap_flow_info {
  flowtap_protocol protocol;
  /** The user whose program this is: nobody else sees the flow. 0 is root, not "unknown". */
  uint32_t uid;
  uint32_t pid;
  const char *FLOWTAP_NULLABLE process_name;
  const char *FLOWTAP_NULLABLE process_path;
  const char *FLOWTAP_NULLABLE signing_id;
  const char *FLOWTAP_NULLABLE team_id;
  /** IP addresses as text. A name as the destination's address is taken for `host`. */
  const char *FLOWTAP_NULLABLE source_address;
  const char *FLOWTAP_NULLABLE destination_address;
  uint16_t source_port;
  uint16_t destination_port;
  /** The name that the program asked for, e.g. NEFlowMetaData's or remoteHostname. */
  const char *FLOWTAP_NULLABLE host;
  /** A peer outside connected to a server here. */
  bool inbound;
} flowtap_flow_info;

/** Begins a flow. NULL where max_flows are live, or the endpoint is stopping. Each flow is ended by flowtap_flow_close(). */
flowtap_flow *FLOWTAP_NULLABLE flowtap_flow_open(flowtap_endpoint *FLOWTAP_NULLABLE endpoint,
                                                 const flowtap_flow_info *info);

/** The server has answered: the connection is made. */
void flowtap_flow_connected(flowtap_flow *FLOWTAP_NULLABLE flow);

/** Payload of a stream, or one whole datagram. It is copied as far as body_limit goes. */
void flowtap_flow_data(flowtap_flow *FLOWTAP_NULLABLE flow, flowtap_direction direction,
                       const void *FLOWTAP_NULLABLE bytes, size_t length);

/** Counts payload without showing it, for providers that only know or only tell how much it was. UDP: one datagram. */
void flowtap_flow_count(flowtap_flow *FLOWTAP_NULLABLE flow, flowtap_direction direction, uint64_t bytes);

/** Half-close: this direction has ended, the other may go on. */
void flowtap_flow_ended(flowtap_flow *FLOWTAP_NULLABLE flow, flowtap_direction direction);

/** Why a flow ended. */
typedef enum flowtap_reason {
  FLOWTAP_EOF = 1,              /**< both directions ended in order */
  FLOWTAP_RESET_BY_CLIENT = 2,
  FLOWTAP_RESET_BY_SERVER = 3,
  FLOWTAP_REFUSED = 4,          /**< by the server */
  FLOWTAP_UNREACHABLE = 5,
  FLOWTAP_TIMED_OUT = 6,
  FLOWTAP_IDLE = 7,             /**< a UDP conversation that was quiet for long */
  FLOWTAP_PROXY_STOPPED = 8,
  FLOWTAP_RULE = 9,             /**< your proxy's decision */
  FLOWTAP_LIMIT = 10,           /**< your proxy's own limit of flows, descriptors or memory */
  FLOWTAP_CLIENT_GONE = 11,     /**< the program ended before the connection was made */
  FLOWTAP_PROXY_ERROR = 12,
  FLOWTAP_NAME_NOT_FOUND = 14   /**< the host name did not resolve */
} flowtap_reason;

/** Ends the flow and frees it: the pointer must not be used again. `error`: an errno, or 0. */
void flowtap_flow_close(flowtap_flow *FLOWTAP_NULLABLE flow, flowtap_reason reason, int error);

#if defined(__APPLE__)
/**
 * Fills pid, uid and process_path of `info` from the audit token of a flow (NEFlowMetaData.sourceAppAuditToken: pass
 * bytes and length). `path` receives the executable's path and must live until flowtap_flow_open(); PROC_PIDPATHINFO_MAXSIZE
 * (4096) bytes are enough. False where this is no audit token; `info` is then as it was.
 */
bool flowtap_flow_info_set_audit_token(flowtap_flow_info *info, const void *FLOWTAP_NULLABLE token, size_t length,
                                       char *path, size_t path_size);
#endif

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
