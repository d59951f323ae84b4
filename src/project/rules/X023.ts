import type { ProjectReport, ProjectRule } from './rule.ts';

export const X023: ProjectRule = {
  id: 'X023',
  severity: 'info',
  title: 'A daemon that a sandboxed app or extension looks up by a name it cannot reach',
  doc: {
    what: 'A tool listens on a name that no launchd plist of the project lists in MachServices; or a sandboxed target looks up a MachServices name that does not begin with the Team ID or a group.',
    why: 'A daemon is the other way to serve apps and system extensions. launchd registers what MachServices lists; the sandbox lets through what begins with the Team ID or a claimed group.',
    evidence: 'A public project (Coder) that does so, with the Team ID as prefix.',
    fix: 'List the name in MachServices and begin it with the Team ID.',
    bad: 'MachServices: com.example.helper; sandboxed client',
    good: 'MachServices: ABCDE12345.com.example.helper',
  },
  *check(c): Generator<ProjectReport> {
    if (c.sysexes.length === 0 || c.launchdServices.length === 0) return;
    for (const target of c.relatedTargets) {
      if (target.productType !== 'tool') continue;
      for (const u of c.listeners(target))
        if (u.name !== undefined && !c.isLaunchdService(u.name) && !c.launchdServices.some((s) => s.name.includes('$')))
          yield {
            file: u.file,
            range: u.object,
            message: `No launchd plist of the project lists “${u.name}” in MachServices.`,
          };
    }
    for (const target of c.relatedTargets)
      for (const configuration of target.configurations) {
        if (c.sandboxed(configuration) !== true) continue;
        for (const u of c.clients(target)) {
          const service = c.launchdServices.find((s) => s.name === u.name);
          if (!service || /^([A-Z0-9]{10}|group)\./.test(service.name)) continue;
          yield {
            ...service.location,
            message: `${target.name} is sandboxed: it can look up only names that begin with the Team ID or one of its groups.`,
          };
        }
      }
  },
};
