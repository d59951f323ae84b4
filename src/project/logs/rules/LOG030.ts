import type { LogRule } from '../rule.ts';

const line = /ITMS-90885|ITMS-90045|ERROR ITMS 90(?:885|045)/;

export const LOG030: LogRule = {
  id: 'LOG030',
  severity: 'error',
  title: 'The store misses a profile',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'ITMS-90885: a nested executable claims restricted keys and has no profile. ITMS-90045: a claimed key is not in the profile.',
    evidence: 'Developer forums, thread 730398; a public issue of buck.',
    fix: 'Give each nested bundle its own profile; keep restricted keys off bare tools (X020). Compare keys with the profile (X013, X014).',
    bad: 'ITMS-90045: Invalid Code Signing Entitlements',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'ITMS-90885: a nested executable claims restricted keys and has no profile. ITMS-90045: a claimed key is not in the profile.',
      next: [
        'Give each nested bundle its own profile; keep restricted keys off bare tools (X020).',
        'Compare keys with the profile (X013, X014).',
      ],
      causes: ['X020', 'X013', 'X014'],
    };
  },
};
