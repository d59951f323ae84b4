import type { LogRule } from '../rule.ts';

const line = /deny\(\d+\) mach-register ([A-Za-z0-9_.$(){}:-]+)/;

export const LOG004: LogRule = {
  id: 'LOG004',
  severity: 'error',
  title: 'The sandbox denies a registration',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'A sandboxed process tried to register the name of the line.',
    evidence: 'The sandbox profile of macOS 10.15.2; developer forums, thread 808940.',
    fix: 'If it is an app: it cannot advertise a name at all; let the system extension listen (X009, SRC001). Otherwise begin the name with an app group that the process claims and a dot (INF006).',
    bad: 'Sandbox: Host(812) deny(1) mach-register TTT.com.example.app.xpc',
    good: 'no such line',
  },
  match(text) {
    const name = line.exec(text)?.[1];
    if (name === undefined) return undefined;
    return {
      meaning: `A sandboxed process tried to register “${name}”.`,
      next: [
        'If it is an app: it cannot advertise a name at all; let the system extension listen (X009, SRC001).',
        'Otherwise begin the name with an app group that the process claims and a dot (INF006).',
      ],
      causes: ['X009', 'SRC001', 'SRC007', 'INF006'],
      subject: name,
    };
  },
};
