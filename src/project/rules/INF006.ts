import { lookup } from '../../plist/value.ts';
import { isOwn } from './names.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF006: ProjectRule = {
  id: 'INF006',
  severity: 'error',
  title: 'NEMachServiceName is not below an app group of the extension',
  doc: {
    what: 'The name is none of the app groups that the extension claims, nor one of them followed by a dot and more.',
    why: 'sysextd refuses the extension: "has an invalid mach service name or is not signed, the value must be prefixed with one of the App Groups in the entitlement".',
    evidence: "sysextd's own text; Apple's SimpleFirewall sample; developer forums, thread 708017.",
    fix: 'Begin the name with the group, or claim the group that it begins with.',
    bad: 'TTT.com.example.app.xpc with the group group.com.example.app',
    good: 'group.com.example.app.xpc',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const name = c.machName(configuration);
        if (!name || !c.knows(configuration.entitlements)) continue;
        const groups = c.groups(configuration);
        // Without any group X007 says it.
        if (groups.length === 0 || groups.some((g) => isOwn(name, g) !== 'no')) continue;
        const [group] = groups;
        const word = /\.([\w-]+)$/.exec(name.raw)?.[1] ?? 'xpc';
        const value = lookup(configuration.info.part?.root, 'NetworkExtension', 'NEMachServiceName');
        yield {
          file: name.location.file,
          range: name.location.range,
          message: `“${name.text}” is not below an app group of ${sysex.name} (${groups.map((g) => g.text).join(', ')}).`,
          related: groups.map((g) => ({ ...g.location, message: 'A group it claims.' })),
          fixes: group
            ? setStringFix(`Rename to ${group.raw}.${word}`, configuration.info, value, `${group.raw}.${word}`)
            : [],
        };
      }
  },
};
