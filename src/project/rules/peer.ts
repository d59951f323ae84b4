// How code can make sure who the peer of a connection is.
import type { Target } from '../model.ts';
import type { ProjectContext } from './context.ts';

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

export const checksPeer = (c: ProjectContext, target: Target): boolean => c.uses(target, ...peerWords);
