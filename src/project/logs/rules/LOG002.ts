import type { LogRule } from '../rule.ts';

const line = /xpc_error=\[159\b/;

export const LOG002: LogRule = {
  id: 'LOG002',
  severity: 'error',
  title: 'A look-up that the sandbox refused',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The sandbox of the caller refused the look-up: the name is not below an app group that it claims.',
    evidence: 'Developer forums, thread 789330.',
    fix: 'Claim the app group that the name begins with, on the caller (X005). Begin the name with an app group of the extension (INF006), and do not use the group itself as the name (INF007).',
    bad: 'failed to do a bootstrap look-up: xpc_error=[159: Unknown error: 159]',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'The sandbox of the caller refused the look-up: the name is not below an app group that it claims.',
      next: [
        'Claim the app group that the name begins with, on the caller (X005).',
        'Begin the name with an app group of the extension (INF006), and do not use the group itself as the name (INF007).',
      ],
      causes: ['X005', 'INF006', 'INF007'],
    };
  },
};
