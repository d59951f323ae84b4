import type { LogRule } from '../rule.ts';

const line = /AppleMobileFileIntegrityError.*Code=-420|Code=-420\b.*signature on the file is invalid/;

export const LOG010: LogRule = {
  id: 'LOG010',
  severity: 'error',
  title: 'Restricted entitlement in ad hoc code',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'Code that is signed ad hoc claims a restricted entitlement.',
    evidence: 'Ten public reports.',
    fix: 'Sign with a certificate and a profile, or remove the restricted keys for local builds (X013, X020).',
    bad: 'amfid: Error Domain=AppleMobileFileIntegrityError Code=-420 "The signature on the file is invalid"',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'Code that is signed ad hoc claims a restricted entitlement.',
      next: ['Sign with a certificate and a profile, or remove the restricted keys for local builds (X013, X020).'],
      causes: ['X020', 'X013'],
    };
  },
};
