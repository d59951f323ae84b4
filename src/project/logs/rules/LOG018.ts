import type { LogRule } from '../rule.ts';

const line = /invalid mach service name or is not signed, the value must be prefixed with one of the App Groups/;

export const LOG018: LogRule = {
  id: 'LOG018',
  severity: 'error',
  title: 'The Mach service name is refused',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'NEMachServiceName does not begin with an app group that the extension claims.',
    evidence: "sysextd's text in public reports.",
    fix: 'Begin the name with the group and a dot (INF006). Claim a group on the extension (X007).',
    bad: 'sysextd: Extension com.example.app.ext has an invalid mach service name or is not signed, the value must be prefixed with one of the App Groups in the entitlement',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'NEMachServiceName does not begin with an app group that the extension claims.',
      next: ['Begin the name with the group and a dot (INF006).', 'Claim a group on the extension (X007).'],
      causes: ['INF006', 'X007', 'INF005'],
    };
  },
};
