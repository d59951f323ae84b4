import type { LogRule } from '../rule.ts';

const line = /no policy, cannot allow apps outside \/Applications/;

export const LOG017: LogRule = {
  id: 'LOG017',
  severity: 'error',
  title: 'The app is not in /Applications',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'A system extension is activated only from an app in /Applications.',
    evidence: 'Developer forums, thread 823200.',
    fix: 'Move the app to /Applications and start it there (X025), or use systemextensionsctl developer on while developing. On macOS 26 it was reported with the app in place: then look at the other lines of sysextd.',
    bad: 'sysextd: no policy, cannot allow apps outside /Applications',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'A system extension is activated only from an app in /Applications.',
      next: [
        'Move the app to /Applications and start it there (X025), or use systemextensionsctl developer on while developing.',
        'On macOS 26 it was reported with the app in place: then look at the other lines of sysextd.',
      ],
      causes: ['X025'],
    };
  },
};
