import type { LogRule } from '../rule.ts';

const line =
  /Launchd job spawn failed|NSPOSIXErrorDomain[^\n]*\b163\b|\bexit(?:ed)?(?: with)?(?: code| status)?:? ?137\b|POSIX(?: error)? 163\b|Namespace CODESIGNING|\(Code Signature Invalid\)/;

export const LOG013: LogRule = {
  id: 'LOG013',
  severity: 'error',
  title: 'Killed at start',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The system killed the process at start, most often for its signature or its entitlements.',
    evidence: 'Ten public reports.',
    fix: 'Look for lines of amfid, taskgated-helper and AMFI at the same time: they name the key. Check keys and profile (X013, X014, X016), and variables that nothing expanded (ENT019).',
    bad: 'The application cannot be opened: NSPOSIXErrorDomain Code=163 "Launchd job spawn failed"',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'The system killed the process at start, most often for its signature or its entitlements.',
      next: [
        'Look for lines of amfid, taskgated-helper and AMFI at the same time: they name the key.',
        'Check keys and profile (X013, X014, X016), and variables that nothing expanded (ENT019).',
      ],
      causes: ['X013', 'X014', 'X016', 'X020', 'ENT019'],
    };
  },
};
