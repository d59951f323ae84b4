import type { LogRule } from '../rule.ts';

const line = /failed category property check/;

export const LOG022: LogRule = {
  id: 'LOG022',
  severity: 'error',
  title: 'Needs a later system',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The Info.plist of the extension asks for a later version of macOS than this one, or for a category that it does not know.',
    evidence: 'A list of forum threads.',
    fix: 'Compare LSMinimumSystemVersion and NEProviderClasses with this system (INF003).',
    bad: 'failed category property check: extension category properties require a later version of macOS',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'The Info.plist of the extension asks for a later version of macOS than this one, or for a category that it does not know.',
      next: ['Compare LSMinimumSystemVersion and NEProviderClasses with this system (INF003).'],
      causes: ['INF003'],
    };
  },
};
