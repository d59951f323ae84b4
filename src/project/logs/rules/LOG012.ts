import type { LogRule } from '../rule.ts';

const line =
  /taskgated(?:-helper)?(?!.*no eligible).*(?:[Uu]nsatisfied entitlements|Disallowing)|^(?!.*Code has restricted).*Unsatisfied entitlements:/;

/** The keys that the line names. */
const listed = /Unsatisfied [Ee]ntitlements: *([\w., -]*)/;

export const LOG012: LogRule = {
  id: 'LOG012',
  severity: 'error',
  title: 'Refused before launch',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'Before the launch the system found entitlements that no profile allows.',
    evidence: 'Ten public reports.',
    fix: 'Compare the claimed keys and values with the profile (X013, X014). Check that the profile is of this bundle id, team and certificate, and not expired (X016).',
    bad: 'taskgated-helper: com.example.app: Unsatisfied entitlements: com.apple.developer.system-extension.install',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    const keys = listed.exec(text)?.[1]?.trim() ?? '';
    return {
      meaning: `Before the launch the system found entitlements that no profile allows.${keys === '' ? '' : ` Not allowed: ${keys}.`}`,
      next: [
        'Compare the claimed keys and values with the profile (X013, X014).',
        'Check that the profile is of this bundle id, team and certificate, and not expired (X016).',
      ],
      causes: ['X013', 'X014', 'X016', 'X020'],
      ...(keys === '' ? {} : { subject: keys.split(/[ ,]+/)[0] ?? keys }),
    };
  },
};
