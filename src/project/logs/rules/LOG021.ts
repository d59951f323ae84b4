import type { LogRule } from '../rule.ts';

const line = /\[validating by category\]/;

export const LOG021: LogRule = {
  id: 'LOG021',
  severity: 'warning',
  title: 'Validation that never ends',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The system is still validating the extension. For a moment that is normal; when it stays, the request is stuck.',
    evidence: 'Developer forums, thread 783048.',
    fix: 'Do not block the queue that the delegate of OSSystemExtensionRequest is called on (a semaphore there waits for ever). Look in the log of sysextd for an invalid Mach service name (INF006).',
    bad: '*\t\tTTT\tcom.example.app.ext (1.0/1)\tExtension\t[validating by category]',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'The system is still validating the extension. For a moment that is normal; when it stays, the request is stuck.',
      next: [
        'Do not block the queue that the delegate of OSSystemExtensionRequest is called on (a semaphore there waits for ever).',
        'Look in the log of sysextd for an invalid Mach service name (INF006).',
      ],
      causes: ['INF006', 'X007'],
    };
  },
};
