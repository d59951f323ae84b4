import type { LogRule } from '../rule.ts';

const line = /deny\(\d+\) forbidden-sandbox-reinit/;

export const LOG005: LogRule = {
  id: 'LOG005',
  severity: 'error',
  title: 'A helper that wants a sandbox of its own',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'A helper that was started by a sandboxed process carries full sandbox entitlements; it can only inherit.',
    evidence: 'Developer forums, thread 712954.',
    fix: 'Sign the helper with com.apple.security.app-sandbox and com.apple.security.inherit, and nothing else (ENT027).',
    bad: 'Sandbox: helper(99) deny(1) forbidden-sandbox-reinit',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'A helper that was started by a sandboxed process carries full sandbox entitlements; it can only inherit.',
      next: [
        'Sign the helper with com.apple.security.app-sandbox and com.apple.security.inherit, and nothing else (ENT027).',
      ],
      causes: ['ENT027'],
    };
  },
};
