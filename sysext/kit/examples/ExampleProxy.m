// The lines that show a provider's flows: link libflowtapkit.a, -lbsm, -lc++, CoreFoundation and Security.
#import <NetworkExtension/NetworkExtension.h>
#import "flowtap_kit.h"

static flowtap_endpoint *endpoint;  // one per process, whatever number of times startProxy comes

void ExampleStartEndpoint(void) {
  NSString *name = NSBundle.mainBundle.infoDictionary[@"NetworkExtension"][@"NEMachServiceName"];
  flowtap_options options = {.program = "Example Proxy", .team = "A1B2C3D4E5"};
  char error[256];
  if (!endpoint) endpoint = flowtap_endpoint_start(name.UTF8String, &options, error, sizeof error);
  if (!endpoint) NSLog(@"No flows will be shown: %s", error);
}

flowtap_flow *ExampleOpen(NEAppProxyTCPFlow *flow) {  // in handleNewFlow:
  NWHostEndpoint *remote = (NWHostEndpoint *)flow.remoteEndpoint;
  NSData *token = flow.metaData.sourceAppAuditToken;
  char path[4096];
  flowtap_flow_info info = {.protocol = FLOWTAP_TCP, .signing_id = flow.metaData.sourceAppSigningIdentifier.UTF8String};
  flowtap_flow_info_set_audit_token(&info, token.bytes, token.length, path, sizeof path);
  info.destination_address = remote.hostname.UTF8String;
  info.destination_port = (uint16_t)remote.port.intValue;
  info.host = flow.remoteHostname.UTF8String;
  return flowtap_flow_open(endpoint, &info);
}
// Where the server has answered: flowtap_flow_connected(shown);
// For each piece of data:        flowtap_flow_data(shown, FLOWTAP_UP, data.bytes, data.length);
// Where one direction ends:      flowtap_flow_ended(shown, FLOWTAP_UP);
// Where the flow is over:        flowtap_flow_close(shown, FLOWTAP_EOF, 0);
