// The names by which code checks the peer of a connection: the scanner records them, the rules ask for them.

/** Any of these in a target means that it checks; which connection it checks is not followed. */
export const peerWords: readonly string[] = [
  'setCodeSigningRequirement',
  'setConnectionCodeSigningRequirement',
  'auditToken',
  'audit_token',
  'xpc_connection_set_peer_code_signing_requirement',
  'xpc_connection_set_peer_team_identity_requirement',
  'xpc_connection_set_peer_platform_identity_requirement',
  'xpc_connection_set_peer_entitlement_exists_requirement',
  'xpc_connection_set_peer_entitlement_matches_value_requirement',
  'xpc_connection_set_peer_lightweight_code_requirement',
  'xpc_connection_set_peer_requirement',
  'xpc_session_set_peer_code_signing_requirement',
  'xpc_listener_set_peer_code_signing_requirement',
  'xpc_connection_get_audit_token',
  'XPCPeerRequirement',
  'setPeerRequirement',
  'kSecGuestAttributeAudit',
  'SecCodeCheckValidity',
  'SecCodeCheckValidityWithErrors',
  'SecCodeCopyGuestWithAttributes',
  'SecCodeCreateWithXPCMessage',
  'SecTaskCreateWithAuditToken',
  'SecStaticCodeCheckValidity',
  'SecCodeCopySigningInformation',
];
