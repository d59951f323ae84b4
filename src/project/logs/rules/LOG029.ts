import type { LogRule } from '../rule.ts';

const line = /App sandbox not enabled/;

export const LOG029: LogRule = {
  id: 'LOG029',
  severity: 'error',
  title: 'The store asks for the sandbox',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'An executable of the app is not sandboxed, which the store asks of each.',
    evidence: 'A public report of 2017.',
    fix: 'Add com.apple.security.app-sandbox to every executable, helpers included (X004).',
    bad: 'ERROR ITMS-90296: "App sandbox not enabled. The following executables must include the com.apple.security.app-sandbox entitlement …"',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'An executable of the app is not sandboxed, which the store asks of each.',
      next: ['Add com.apple.security.app-sandbox to every executable, helpers included (X004).'],
      causes: ['X004'],
    };
  },
};
