// Keys of Apple alone, by name and by beginning.
import type { CatalogueKey } from './schema.ts';

// One row a key.
// prettier-ignore
export const internalKeys: readonly CatalogueKey[] = [
  { key: 'com.apple.diagnosticd.diagnostic', shape: 'any', access: 'internal', os: '', about: "Apple-internal: reads the system's diagnostics.", page: false },
  { key: 'com.apple.networking.vpn.configuration', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: changes VPN configurations.', page: false },
  { key: 'com.apple.private.*', shape: 'any', access: 'internal', os: '', about: 'Apple-internal. Code of others that claims it is refused at launch, or nothing happens.', page: false },
  { key: 'com.apple.rootless.*', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: system integrity protection.', page: false },
  { key: 'com.apple.security.exception.*', shape: 'any', access: 'internal', os: '', about: 'The iOS-internal spelling of sandbox exceptions. On a Mac they are com.apple.security.temporary-exception.*.', page: false },
  { key: 'com.apple.security.private.*', shape: 'any', access: 'internal', os: '', about: 'Apple-internal.', page: false },
  { key: 'com.apple.system-task-ports*', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: task ports of other processes.', page: false },
  { key: 'dynamic-codesigning', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: just-in-time compilation on iOS.', page: false },
  { key: 'platform-application', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: marks code as part of the system.', page: false },
  { key: 'run-unsigned-code', shape: 'any', access: 'internal', os: '', about: 'Apple-internal.', page: false },
  { key: 'task_for_pid-allow', shape: 'any', access: 'internal', os: '', about: 'Apple-internal: task ports of other processes.', page: false },
];
