import { turnRoundFix } from '../turnRound.ts';
import { misplacedListeners } from './pattern.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC001: ProjectRule = {
  id: 'SRC001',
  severity: 'error',
  title: 'An application advertises a named endpoint',
  doc: {
    what: 'An application target creates an NSXPCListener with a Mach service name, or an XPC connection with the listener flag. Stands at the listener. Daemons, agents and tools may listen; NSXPCListener.anonymous() and .service() have no name.',
    why: 'A name belongs to one process. Any number of login sessions can each run the app, so the system lets no app register one; nobody can look it up.',
    evidence:
      'Developer forums, threads 816702 and 715338. In public projects listeners stand in five system extensions and two daemons, and in no app.',
    fix: 'Let the system extension listen and the app connect.',
    bad: '_listener = [[NSXPCListener alloc] initWithMachServiceName:NAME]; // in the app',
    good: '_listener = [[NSXPCListener alloc] initWithMachServiceName:NAME]; // in the system extension',
  },
  *check(c): Generator<ProjectReport> {
    for (const u of misplacedListeners(c))
      yield {
        file: u.file,
        range: u.object,
        message: `${u.target.name} is an application: it cannot advertise a named endpoint. The system extension must listen, and the app connect.`,
        fixes: turnRoundFix(c, u),
      };
  },
};
