// Keys that look real and are not: seen in questions, repositories and lists, with what was meant.
import type { NearMiss } from './schema.ts';

const ne = 'com.apple.developer.networking.networkextension';
const lookupException = 'com.apple.security.temporary-exception.mach-lookup.global-name';

// One row a key.
// prettier-ignore
export const nearMisses: readonly NearMiss[] = [
  { key: 'com.apple.security.xpc.mach-lookup.global-name', advice: `Remove it: an app group lets the program look up names below the group. The exception that was meant is ${lookupException}.` },
  { key: 'com.apple.security.xpc.mach-service.name', advice: 'Remove it: an app cannot advertise a named endpoint. The system extension listens, and its Info.plist names the endpoint (NetworkExtension > NEMachServiceName).' },
  { key: 'com.apple.security.xpc.server', advice: 'Remove it: an endpoint is declared in Info.plist, by NEMachServiceName or NSEndpointSecurityMachServiceName.' },
  { key: 'com.apple.security.exception.mach-lookup.global-name', meant: lookupException, advice: `On a Mac the exception is ${lookupException}; better still, an app group, below whose name no exception is needed.` },
  { key: 'com.apple.developer.musickit', advice: 'Remove it: MusicKit is a service of the App ID, not an entitlement.' },
  { key: 'com.apple.developer.applemusickit', advice: 'Remove it: MusicKit is a service of the App ID, not an entitlement.' },
  { key: 'com.apple.developer.music-kit', advice: 'Remove it: MusicKit is a service of the App ID, not an entitlement.' },
  { key: 'com.apple.developer.shazamkit', advice: 'Remove it: ShazamKit is a service of the App ID, not an entitlement.' },
  { key: 'com.apple.developer.foundation-models', advice: 'Remove it: the on-device language model needs no entitlement. (com.apple.developer.foundation-model-adapter is real, and is for custom adapters.)' },
  { key: 'com.apple.developer.activity-kit', advice: 'Remove it: Live Activities are declared in Info.plist by NSSupportsLiveActivities.' },
  { key: 'com.apple.developer.networkextension', meant: ne, advice: `The key is ${ne}.` },
  { key: 'com.apple.developer.networking.networkextension.url-filter-provider', meant: ne, value: 'url-filter-provider', advice: `url-filter-provider is a value of ${ne}, not a key.` },
  { key: 'com.apple.developer.endpoint-security', meant: 'com.apple.developer.endpoint-security.client', advice: 'The key is com.apple.developer.endpoint-security.client.' },
  { key: 'com.apple.developer.system-extension', meant: 'com.apple.developer.system-extension.install', advice: 'The key is com.apple.developer.system-extension.install, on the container app.' },
];

/** Values of the Network Extension key that do not exist, and the one that was meant. */
export const nearMissValues: ReadonlyMap<string, string> = new Map([
  ['transparent-proxy-systemextension', 'app-proxy-provider-systemextension'],
  ['transparent-proxy-provider', 'app-proxy-provider'],
]);
