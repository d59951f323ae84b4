import type { LogRule } from '../rule.ts';

const line = /activating connection: mach=true listener=true\b.*?\bname=([A-Za-z0-9_.$(){}:-]+)/;

export const LOG006: LogRule = {
  id: 'LOG006',
  severity: 'info',
  title: 'A listener was started',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The code tried to advertise the name of the line. The line only says that it tried; it does not prove that the name was registered.',
    evidence: 'The seed: developer forums, thread 816702.',
    fix: 'If the process is an app, the name was not registered: let the system extension listen (SRC001, X009). In a system extension compare the name with NEMachServiceName (X008).',
    bad: '(libxpc.dylib) [com.apple.xpc:connection] [0x100bdee70] activating connection: mach=true listener=true peer=false name=TTT.com.example.app.xpc',
    good: 'no such line',
  },
  match(text) {
    const name = line.exec(text)?.[1];
    if (name === undefined) return undefined;
    return {
      meaning: `The code tried to advertise “${name}”. The line only says that it tried; it does not prove that the name was registered.`,
      next: [
        'If the process is an app, the name was not registered: let the system extension listen (SRC001, X009).',
        'In a system extension compare the name with NEMachServiceName (X008).',
      ],
      causes: ['SRC001', 'X009', 'SRC007', 'X008', 'INF004'],
      subject: name,
    };
  },
};
