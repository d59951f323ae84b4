import type { LogRule } from '../rule.ts';

const line = /AppleMobileFileIntegrityError.*Code=-413|No matching profile found/;

export const LOG009: LogRule = {
  id: 'LOG009',
  severity: 'error',
  title: 'AMFI found no profile',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'No embedded profile fits the code: none is there, or the signing certificate is not in it.',
    evidence: 'Ten public reports.',
    fix: 'Embed a profile of this bundle id, team and certificate (X016). Compare the claimed keys with the profile (X013, X014).',
    bad: 'amfid: Error Domain=AppleMobileFileIntegrityError Code=-413 "No matching profile found"',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'No embedded profile fits the code: none is there, or the signing certificate is not in it.',
      next: [
        'Embed a profile of this bundle id, team and certificate (X016).',
        'Compare the claimed keys with the profile (X013, X014).',
      ],
      causes: ['X016', 'X013', 'X014', 'X020'],
    };
  },
};
