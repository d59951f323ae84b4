// The lines that show a provider's flows: import path sysext/kit/include, link libflowtapkit.a, -lbsm, -lc++,
// CoreFoundation and Security.
import FlowtapKit
import NetworkExtension

/// One per process, whatever number of times startProxy comes: nil where it could not be started.
let endpoint: OpaquePointer? = {
  let settings = Bundle.main.infoDictionary?["NetworkExtension"] as? [String: Any]
  var options = flowtap_options()
  var error = [CChar](repeating: 0, count: 256)
  return "A1B2C3D4E5".withCString { team in
    options.team = team
    let name = settings?["NEMachServiceName"] as? String ?? ""
    let started = flowtap_endpoint_start(name, &options, &error, error.count)
    if started == nil { NSLog("No flows will be shown: %@", String(cString: error)) }
    return started
  }
}()

func open(_ flow: NEAppProxyTCPFlow) -> OpaquePointer? {  // in handleNewFlow
  guard let remote = flow.remoteEndpoint as? NWHostEndpoint, let token = flow.metaData.sourceAppAuditToken else { return nil }
  var path = [CChar](repeating: 0, count: 4096)
  return path.withUnsafeMutableBufferPointer { path in
    remote.hostname.withCString { address in
      var info = flowtap_flow_info()
      info.protocol = FLOWTAP_TCP
      info.destination_address = address
      info.destination_port = UInt16(remote.port) ?? 0
      token.withUnsafeBytes { _ = flowtap_flow_info_set_audit_token(&info, $0.baseAddress, $0.count, path.baseAddress!, path.count) }
      return flowtap_flow_open(endpoint, &info)
    }
  }
}
// Then flowtap_flow_connected(shown), flowtap_flow_data(shown, FLOWTAP_UP, bytes, count),
// flowtap_flow_ended(shown, FLOWTAP_UP) and flowtap_flow_close(shown, FLOWTAP_EOF, 0).
