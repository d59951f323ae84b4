import { nameFromBundle } from './nameFromBundle.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC013: ProjectRule = {
  id: 'SRC013',
  severity: 'hint',
  title: 'The name of the endpoint is typed into code',
  doc: {
    what: 'Code listens on or looks up a name that it holds as text, while the Info.plist of the extension has NEMachServiceName.',
    why: 'The plist is what launchd registers. A copy in code can differ from it, and cannot follow a version in the name.',
    evidence: "Apple's SimpleFirewall sample reads the name from the bundle.",
    fix: "Read NetworkExtension > NEMachServiceName from the extension's Info.plist.",
    bad: 'NSXPCListener(machServiceName: "group.com.example.app.xpc")',
    good: 'NSXPCListener(machServiceName: nameFromInfoPlist)',
  },
  *check(c): Generator<ProjectReport> {
    const names = new Set(c.sysexes.flatMap((s) => s.configurations.map((k) => c.machName(k)?.text)));
    const seen = new Set<string>();
    for (const target of c.relatedTargets)
      for (const u of [...c.listeners(target), ...c.clients(target)]) {
        const place = u.name !== undefined && names.has(u.name) ? c.namePlace(u) : undefined;
        if (!place || seen.has(`${place.file}:${place.range.start}`)) continue;
        seen.add(`${place.file}:${place.range.start}`);
        yield {
          ...place,
          message: 'Info.plist has this name as NEMachServiceName; read it from there.',
          fixes: nameFromBundle(c, u, place),
        };
      }
  },
};
