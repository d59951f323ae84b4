import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC011: ProjectRule = {
  id: 'SRC011',
  severity: 'warning',
  title: 'One stored connection for many clients',
  doc: {
    what: 'The accept handler of a system extension overwrites one property with each new connection.',
    why: 'Each login session can run the app. The second client takes the place of the first, which then hears nothing more.',
    evidence: 'Developer forums, thread 816702; SimpleFirewall, Proton and PIA keep one.',
    fix: 'Keep a set of connections, remove each in its invalidation handler, send to all.',
    bad: 'currentConnection = newConnection',
    good: 'connections.insert(newConnection)',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      if (c.listeners(sysex).length === 0) continue;
      for (const { file, handler } of c.handlers(sysex))
        if (handler.stored)
          yield {
            file,
            range: handler.stored,
            message: `Each new connection replaces the one in ${handler.stored.property}: with several login sessions only the last client is served.`,
          };
    }
  },
};
