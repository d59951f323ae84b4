import type { LogRule } from '../rule.ts';

const line = /Provider is not signed with a Developer ID certificate/;

export const LOG016: LogRule = {
  id: 'LOG016',
  severity: 'info',
  title: 'A note on development builds',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'A note that appears in development builds; by itself no fault.',
    evidence: 'Developer forums, thread 805996.',
    fix: 'Look at the other lines of the same second.',
    bad: 'neagent: Provider is not signed with a Developer ID certificate',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'A note that appears in development builds; by itself no fault.',
      next: ['Look at the other lines of the same second.'],
      causes: [],
    };
  },
};
