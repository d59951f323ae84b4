import type { LogRule } from '../rule.ts';

const line = /failed to do a bootstrap look-?up: xpc_error=\[3\b|xpc_error=\[3: No such process\]/;

export const LOG001: LogRule = {
  id: 'LOG001',
  severity: 'error',
  title: 'A look-up that found nobody',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'Nobody has registered that name where the caller looked.',
    evidence: 'Developer forums, thread 816702; public reports of registrations that outlive an update.',
    fix: 'Check which side advertises: an app cannot. The system extension must listen and the app connect (X009, SRC001). Check that the extension is activated, enabled and running: systemextensionsctl list. Check NEMachServiceName in the Info.plist of the extension: present, within NetworkExtension, and the same as in code (INF004, INF005, INF006, X008). After an update launchd may hold the old registration: restart the Mac, and put a version into the name (INF014). Check the bootstrap: .privileged finds names of the system only (SRC004).',
    bad: '[0x1015a2050] failed to do a bootstrap look-up: xpc_error=[3: No such process]',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'Nobody has registered that name where the caller looked.',
      next: [
        'Check which side advertises: an app cannot. The system extension must listen and the app connect (X009, SRC001).',
        'Check that the extension is activated, enabled and running: systemextensionsctl list.',
        'Check NEMachServiceName in the Info.plist of the extension: present, within NetworkExtension, and the same as in code (INF004, INF005, INF006, X008).',
        'After an update launchd may hold the old registration: restart the Mac, and put a version into the name (INF014).',
        'Check the bootstrap: .privileged finds names of the system only (SRC004).',
      ],
      causes: ['X009', 'SRC001', 'SRC007', 'INF004', 'INF005', 'INF006', 'X008', 'SRC004', 'INF014'],
    };
  },
};
