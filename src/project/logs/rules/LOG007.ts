import type { LogRule } from '../rule.ts';

const line = /failed lookup: name = ([A-Za-z0-9_.$(){}:-]+), requestor = ([^,]+), error = 3\b/;

export const LOG007: LogRule = {
  id: 'LOG007',
  severity: 'warning',
  title: 'A look-up in the wrong domain',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'launchd does not know the name of the line in the domain that was searched (it stands in brackets before the message). The names of system extensions live in the system domain.',
    evidence: "A public report of launchd's log.",
    fix: 'In [gui/501] or [user/501]: the caller looked in a login session; connect to the name of the extension (X009). In [system]: nobody registered it: is the extension active, is NEMachServiceName right (INF004, INF006, X008)? After an update restart the Mac (INF014).',
    bad: '[gui/501 [100003]] failed lookup: name = TTT.com.example.app.xpc, requestor = Host[812], error = 3: No such process',
    good: 'no such line',
  },
  match(text) {
    const name = line.exec(text)?.[1];
    if (name === undefined) return undefined;
    return {
      meaning: `launchd does not know “${name}” in the domain that was searched (it stands in brackets before the message). The names of system extensions live in the system domain.`,
      next: [
        'In [gui/501] or [user/501]: the caller looked in a login session; connect to the name of the extension (X009).',
        'In [system]: nobody registered it: is the extension active, is NEMachServiceName right (INF004, INF006, X008)?',
        'After an update restart the Mac (INF014).',
      ],
      causes: ['X009', 'SRC001', 'INF004', 'INF005', 'INF006', 'X008', 'INF014'],
      subject: name,
    };
  },
};
