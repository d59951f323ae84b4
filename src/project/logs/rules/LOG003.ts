import type { LogRule } from '../rule.ts';

const line = /deny\(\d+\) mach-lookup ([A-Za-z0-9_.$(){}:-]+)/;

export const LOG003: LogRule = {
  id: 'LOG003',
  severity: 'error',
  title: 'The sandbox denies a look-up',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The sandbox does not let this process look up the name of the line.',
    evidence: 'Developer forums, thread 808940.',
    fix: 'Claim the app group that it begins with on this process (X005). If the name is your own, begin it with an app group of the extension (INF006, INF007). A temporary exception (com.apple.security.temporary-exception.mach-lookup.global-name) is for names of others.',
    bad: 'Sandbox: Host(812) deny(1) mach-lookup TTT.com.example.app.xpc',
    good: 'no such line',
  },
  match(text) {
    const name = line.exec(text)?.[1];
    if (name === undefined) return undefined;
    return {
      meaning: `The sandbox does not let this process look up “${name}”.`,
      next: [
        `Claim the app group that “${name}” begins with on this process (X005).`,
        'If the name is your own, begin it with an app group of the extension (INF006, INF007).',
        'A temporary exception (com.apple.security.temporary-exception.mach-lookup.global-name) is for names of others.',
      ],
      causes: ['X005', 'INF006', 'INF007'],
      subject: name,
    };
  },
};
