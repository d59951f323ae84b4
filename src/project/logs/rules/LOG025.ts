import type { LogMatch, LogRule } from '../rule.ts';

const codes: ReadonlyMap<number, LogMatch> = new Map<number, LogMatch>([
  [
    12,
    {
      meaning: 'The plug-in of the provider died.',
      next: [
        'Look for a crash report of the extension, and for lines of amfid and taskgated.',
        'Check that main calls startSystemExtensionMode (SRC008).',
      ],
      causes: ['SRC008', 'X013', 'X016'],
    },
  ],
  [
    14,
    {
      meaning: 'The plug-in of the provider was not found, or must be updated.',
      next: [
        'Compare providerBundleIdentifier with the bundle id of the extension (X024).',
        'Check that the extension is activated, and claims the value of its kind (X003).',
      ],
      causes: ['X024', 'X003', 'X001', 'INF015'],
    },
  ],
]);

const line = /(?:NEVPNConnectionErrorDomain)\b[^\n]{0,40}?(?:Code=|[Cc]ode[: ]+|error )(\d+)\b/;

export const LOG025: LogRule = {
  id: 'LOG025',
  severity: 'error',
  title: 'The plug-in of the VPN',
  doc: {
    what: 'An error of NEVPNConnectionErrorDomain by its number.',
    why: '12: The plug-in of the provider died. 14: The plug-in of the provider was not found, or must be updated.',
    evidence: "The SDK's headers.",
    fix: '12: Look for a crash report of the extension, and for lines of amfid and taskgated. Check that main calls startSystemExtensionMode (SRC008). 14: Compare providerBundleIdentifier with the bundle id of the extension (X024). Check that the extension is activated, and claims the value of its kind (X003).',
    bad: 'Error Domain=NEVPNConnectionErrorDomainPlugin Code=7; Error Domain=NEVPNConnectionErrorDomain Code=14',
    good: 'no such line',
  },
  match(text) {
    const code = line.exec(text)?.[1];
    return code === undefined ? undefined : codes.get(Number(code));
  },
};
