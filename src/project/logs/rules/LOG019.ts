import type { LogRule } from '../rule.ts';

const line = /extension category returned error/;

export const LOG019: LogRule = {
  id: 'LOG019',
  severity: 'error',
  title: 'The category refused the extension',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'sysextd asked Network Extension whether the bundle is sound, and it is not (OSSystemExtensionErrorDomain 9).',
    evidence: 'Developer forums, thread 812857.',
    fix: 'Look in the log of sysextd for the Mach service name (INF006) or NetworkExtensionErrorDomain 6. Check the package type (INF009) and a stray XPCService (INF011).',
    bad: 'sysextd: failing request: extension category returned error',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'sysextd asked Network Extension whether the bundle is sound, and it is not (OSSystemExtensionErrorDomain 9).',
      next: [
        'Look in the log of sysextd for the Mach service name (INF006) or NetworkExtensionErrorDomain 6.',
        'Check the package type (INF009) and a stray XPCService (INF011).',
      ],
      causes: ['INF006', 'X007', 'INF009', 'INF011', 'INF005'],
    };
  },
};
