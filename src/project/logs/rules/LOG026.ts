import type { LogRule } from '../rule.ts';

const line = /NSCocoaErrorDomain[^\n]*?(?:Code=|error )(4097|4099)\b/;

export const LOG026: LogRule = {
  id: 'LOG026',
  severity: 'warning',
  title: 'An XPC connection ended',
  doc: {
    what: 'NSCocoaErrorDomain 4097 or 4099.',
    why: '4099: the XPC connection was invalidated; 4097: it was interrupted.',
    evidence: 'A public write-up.',
    fix: '4099: look for a failed look-up (LOG001, LOG002); build a new connection. 4097: look for a crash of the other side; the connection can be used again.',
    bad: 'Error Domain=NSCocoaErrorDomain Code=4099 "The connection to service named … was invalidated"',
    good: 'no such line',
  },
  match(text) {
    const code = line.exec(text)?.[1];
    if (code === undefined) return undefined;
    return code === '4099'
      ? {
          meaning:
            'The XPC connection was invalidated: the look-up failed, or the other side refused it. It will never work again.',
          next: [
            'Look for a failed look-up just before (LOG001, LOG002, LOG003).',
            'Check who may connect: a code-signing requirement that this build does not meet.',
            'Build a new connection; an invalidated one is dead.',
          ],
          causes: ['X009', 'SRC001', 'INF004', 'INF006', 'X008', 'X005', 'SRC002'],
        }
      : {
          meaning:
            'The XPC connection was interrupted: the other side ended or crashed. The connection can be used again.',
          next: [
            'Look for a crash report of the other side, and for LOG001 and LOG002.',
            'Register anew with the other side: what it held is lost.',
          ],
          causes: ['SRC002', 'SRC006'],
        };
  },
};
