import type { LogRule } from '../rule.ts';

const line = /NetworkExtensionErrorDomain[^\n]*?(?:Code=6\b|error 6\b)/;

export const LOG020: LogRule = {
  id: 'LOG020',
  severity: 'error',
  title: 'NetworkExtensionErrorDomain 6',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'Network Extension refused the Mach service name of the extension.',
    evidence: 'One public report.',
    fix: 'Begin NEMachServiceName with an app group that the extension claims (INF006).',
    bad: 'Error Domain=NetworkExtensionErrorDomain Code=6 "(null)"',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'Network Extension refused the Mach service name of the extension.',
      next: ['Begin NEMachServiceName with an app group that the extension claims (INF006).'],
      causes: ['INF006', 'X007', 'INF005'],
    };
  },
};
