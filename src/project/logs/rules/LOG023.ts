import type { LogMatch, LogRule } from '../rule.ts';

const codes: ReadonlyMap<number, LogMatch> = new Map<number, LogMatch>([
  [1, { meaning: 'Unknown error.', next: ['Look in the log of sysextd.'], causes: [] }],
  [
    2,
    {
      meaning: 'The app lacks the right to install system extensions.',
      next: ['Add com.apple.developer.system-extension.install to the app (X006).'],
      causes: ['X006'],
    },
  ],
  [
    3,
    {
      meaning: 'The app is in a place from which extensions are not activated.',
      next: ['Move the app to /Applications (X025).'],
      causes: ['X025'],
    },
  ],
  [
    4,
    {
      meaning: 'The extension was not found in the app.',
      next: [
        'Copy it to Contents/Library/SystemExtensions (X017).',
        'Name the bundle <bundle id>.systemextension (INF015), and request exactly this id.',
      ],
      causes: ['X017', 'INF015', 'INF012'],
    },
  ],
  [
    5,
    {
      meaning: 'The extension has no bundle identifier.',
      next: ['Set CFBundleIdentifier in its Info.plist.'],
      causes: [],
    },
  ],
  [6, { meaning: 'Two extensions in the app have the same identifier.', next: ['Remove the copy.'], causes: [] }],
  [
    7,
    {
      meaning: 'The system does not know what kind of extension it is.',
      next: ['Add the NetworkExtension dictionary (INF001) and set the package type to SYSX (INF009).'],
      causes: ['INF001', 'INF009', 'INF002'],
    },
  ],
  [
    8,
    {
      meaning: 'The code signature of the extension is not valid.',
      next: [
        'Compare entitlements and profile (X013, X014, X016).',
        'Sign with the hardened runtime and notarise (X019).',
        'Check the bundle id against the app (INF012).',
      ],
      causes: ['X013', 'X014', 'X016', 'X019', 'INF012', 'X011'],
    },
  ],
  [
    9,
    {
      meaning: 'The extension failed validation.',
      next: [
        'Look in the log of sysextd for the reason: the Mach service name (INF006), the package type (INF009), a stray XPCService (INF011).',
      ],
      causes: ['INF006', 'X007', 'INF009', 'INF011', 'INF005'],
    },
  ],
  [
    10,
    {
      meaning: 'A policy of this Mac (MDM) does not allow the extension.',
      next: ['Ask the administrator to allow the team or the bundle id.'],
      causes: [],
    },
  ],
  [11, { meaning: 'The request was cancelled.', next: ['Request it again.'], causes: [] }],
  [12, { meaning: 'A later request took the place of this one.', next: ['Keep one request at a time.'], causes: [] }],
  [
    13,
    {
      meaning: 'The user has not authorised the request.',
      next: ['Approve the extension in System Settings, General, Login Items & Extensions.'],
      causes: [],
    },
  ],
]);

const line = /(?:OSSystemExtensionErrorDomain)\w*[^\n]{0,40}?(?:Code=|[Cc]ode[: ]+|error )(\d+)\b/;

export const LOG023: LogRule = {
  id: 'LOG023',
  severity: 'error',
  title: 'An error of OSSystemExtensionRequest',
  doc: {
    what: 'An error of OSSystemExtensionErrorDomain by its number.',
    why: '1: Unknown error. 2: The app lacks the right to install system extensions. 3: The app is in a place from which extensions are not activated. 4: The extension was not found in the app. 5: The extension has no bundle identifier. 6: Two extensions in the app have the same identifier. 7: The system does not know what kind of extension it is. 8: The code signature of the extension is not valid. 9: The extension failed validation. 10: A policy of this Mac (MDM) does not allow the extension. 11: The request was cancelled. 12: A later request took the place of this one. 13: The user has not authorised the request.',
    evidence: "The SDK's headers.",
    fix: '1: Look in the log of sysextd. 2: Add com.apple.developer.system-extension.install to the app (X006). 3: Move the app to /Applications (X025). 4: Copy it to Contents/Library/SystemExtensions (X017). Name the bundle <bundle id>.systemextension (INF015), and request exactly this id. 5: Set CFBundleIdentifier in its Info.plist. 6: Remove the copy. 7: Add the NetworkExtension dictionary (INF001) and set the package type to SYSX (INF009). 8: Compare entitlements and profile (X013, X014, X016). Sign with the hardened runtime and notarise (X019). Check the bundle id against the app (INF012). 9: Look in the log of sysextd for the reason: the Mach service name (INF006), the package type (INF009), a stray XPCService (INF011). 10: Ask the administrator to allow the team or the bundle id. 11: Request it again. 12: Keep one request at a time. 13: Approve the extension in System Settings, General, Login Items & Extensions.',
    bad: 'Error Domain=OSSystemExtensionErrorDomain Code=4 "(null)"',
    good: 'no such line',
  },
  match(text) {
    const code = line.exec(text)?.[1];
    return code === undefined ? undefined : codes.get(Number(code));
  },
};
