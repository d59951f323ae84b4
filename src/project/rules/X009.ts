import { basename } from '../files.ts';
import { turnRoundFix } from '../turnRound.ts';
import { lookUpsInSysex, misplacedListeners } from './pattern.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X009: ProjectRule = {
  id: 'X009',
  severity: 'error',
  title: 'The system extension looks up an endpoint that the app advertises',
  doc: {
    what: 'The listener is in the app and the look-up in the system extension. Stands at the look-up; SRC001 stands at the listener.',
    why: 'Any number of login sessions can each run the app, so the system would not know which one is meant, and it lets no app advertise a name. The look-up ends with xpc_error=[3: No such process]. The extension is the one process there is: it listens, and every app connects to it.',
    evidence: 'Developer forums, threads 816702 and 715338.',
    fix: 'Turn the endpoint round: the listener to the extension, the connection to the app, NEMachServiceName in the Info.plist of the extension.',
    bad: 'app: NSXPCListener(machServiceName:); extension: NSXPCConnection(machServiceName:)',
    good: 'extension: NSXPCListener(machServiceName:); app: NSXPCConnection(machServiceName:)',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const listener of misplacedListeners(c))
      for (const u of lookUpsInSysex(c, listener)) {
        if (seen.has(`${u.file}:${u.object.start}`)) continue;
        seen.add(`${u.file}:${u.object.start}`);
        yield {
          file: u.file,
          range: u.object,
          message: `${u.target.name} looks up an endpoint that ${listener.target.name} advertises in ${basename(listener.file)}. An app cannot advertise a name: the extension must listen and the app connect.`,
          related: [{ file: listener.file, range: listener.object, message: 'Advertised here.' }],
          fixes: turnRoundFix(c, listener),
        };
      }
  },
};
