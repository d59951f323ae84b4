import type { LogRule } from '../rule.ts';

const line = /Code has restricted entitlements, but the validation of its code signature failed/;

/** The keys that the line names. */
const listed = /Unsatisfied [Ee]ntitlements: *([\w., -]*)/;

export const LOG011: LogRule = {
  id: 'LOG011',
  severity: 'error',
  title: 'The signature does not satisfy the entitlements',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'Restricted entitlements are claimed that the profile does not allow.',
    evidence: 'Developer forums, thread 742974; public reports.',
    fix: 'Compare the claimed keys and values with the profile (X013, X014). An empty list means that the whole profile is missing or does not fit (X016). With TestFlight and a system extension right after an update of macOS this is a known fault of the system.',
    bad: 'AMFI: code signature validation failed. Code has restricted entitlements, but the validation of its code signature failed. Unsatisfied Entitlements: com.apple.developer.networking.networkextension',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    const keys = listed.exec(text)?.[1]?.trim() ?? '';
    return {
      meaning: `Restricted entitlements are claimed that the profile does not allow.${keys === '' ? '' : ` Not allowed: ${keys}.`}`,
      next: [
        'Compare the claimed keys and values with the profile (X013, X014).',
        'An empty list means that the whole profile is missing or does not fit (X016).',
        'With TestFlight and a system extension right after an update of macOS this is a known fault of the system.',
      ],
      causes: ['X013', 'X014', 'X016', 'X020'],
      ...(keys === '' ? {} : { subject: keys.split(/[ ,]+/)[0] ?? keys }),
    };
  },
};
