// Keys and values that the project rules ask for.
export const networkExtensionKey = 'com.apple.developer.networking.networkextension';
export const groupsKey = 'com.apple.security.application-groups';
export const sandboxKey = 'com.apple.security.app-sandbox';
export const installKey = 'com.apple.developer.system-extension.install';
export const endpointSecurityKey = 'com.apple.developer.endpoint-security.client';
export const clientKey = 'com.apple.security.network.client';
export const serverKey = 'com.apple.security.network.server';
export const systemExtensionSuffix = '-systemextension';

/** NEProviderClasses' keys, and the provider value of the entitlement that each needs (without suffix). */
export const providerPoints: ReadonlyMap<string, string> = new Map([
  ['com.apple.networkextension.app-proxy', 'app-proxy-provider'],
  ['com.apple.networkextension.filter-data', 'content-filter-provider'],
  ['com.apple.networkextension.filter-packet', 'content-filter-provider'],
  ['com.apple.networkextension.packet-tunnel', 'packet-tunnel-provider'],
  ['com.apple.networkextension.dns-proxy', 'dns-proxy'],
]);

/** Entitlements that sign and do nothing; each was meant to make an app advertise a name. */
export const fakeServiceKeys: readonly string[] = [
  'com.apple.security.xpc.mach-service.name',
  'com.apple.security.xpc.mach-lookup.global-name',
  'com.apple.security.xpc.server',
];

/** Without the suffix of Developer ID builds. */
export const plainValue = (value: string): string =>
  value.endsWith(systemExtensionSuffix) ? value.slice(0, -systemExtensionSuffix.length) : value;
