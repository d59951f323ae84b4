import { lookUpsInSysex, misplacedListeners } from './pattern.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC004: ProjectRule = {
  id: 'SRC004',
  severity: 'error',
  title: 'The privileged option, for a name that is not in the privileged bootstrap',
  doc: {
    what: 'NSXPCConnection is created with .privileged. An error in a system extension that looks up what an app advertises; information where the name is not known to belong to a system extension or daemon.',
    why: 'The option looks in the bootstrap of the system only. That is right for a system extension or a daemon, and never finds a name of a login session.',
    evidence: "The SDK's header; rama and Coder use it for the right targets, SimpleFirewall goes without.",
    fix: 'Connect from the app to the extension; keep the option there.',
    bad: 'extension: initWithMachServiceName:APP_NAME options:NSXPCConnectionPrivileged',
    good: 'app: initWithMachServiceName:EXTENSION_NAME options:NSXPCConnectionPrivileged',
  },
  *check(c): Generator<ProjectReport> {
    if (c.sysexes.length === 0) return;
    const misplaced = misplacedListeners(c);
    const served = new Set([
      ...c.sysexes.flatMap((s) => [
        ...s.configurations.map((k) => c.machName(k)?.text),
        ...c.listeners(s).map((u) => u.name),
      ]),
      ...c.launchdServices.map((s) => s.name),
    ]);
    const daemons = c.targets.some((t) => t.productType === 'tool' && c.listeners(t).length > 0);
    const seen = new Set<string>();
    for (const target of c.relatedTargets) {
      if (target.platform === 'ios') continue;
      for (const u of c.clients(target)) {
        const { privileged } = u.object;
        if (!privileged || seen.has(`${u.file}:${privileged.start}`)) continue;
        seen.add(`${u.file}:${privileged.start}`);
        const toApp =
          c.sysexes.includes(target) && misplaced.some((l) => lookUpsInSysex(c, l).some((k) => k.object === u.object));
        if (toApp)
          yield {
            file: u.file,
            range: privileged,
            message: 'The privileged bootstrap never holds a name of an app; this look-up cannot succeed.',
          };
        else if (u.name !== undefined && !served.has(u.name) && !daemons)
          yield {
            file: u.file,
            range: privileged,
            severity: 'info',
            message: `This looks in the bootstrap of the system only. Nothing in the project registers “${u.name}” there.`,
          };
      }
    }
  },
};
