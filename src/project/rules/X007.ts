import type { PlistText } from '../model.ts';
import { lacksGroup } from './X005.ts';
import { isOwn } from './names.ts';
import { addGroupFix, firstLine } from './fixes.ts';
import { groupsKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X007: ProjectRule = {
  id: 'X007',
  severity: 'error',
  title: 'App and system extension share no app group',
  doc: {
    what: 'The system extension claims no app group, or none that the app claims. An error where it has a named endpoint and no group at all; otherwise information. Where the app is sandboxed, X005 says it.',
    why: 'The name of the endpoint must begin with a group of the extension. A shared group is also the container both can write to.',
    evidence: 'A public project that fixed exactly this; developer forums, thread 816702.',
    fix: 'Claim one group on both sides.',
    bad: 'extension with NEMachServiceName and without application-groups',
    good: 'the same group in both files',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs) {
      const use = sysexConfiguration.entitlements;
      if (!c.knows(use) || !use.part || !c.knows(appConfiguration.entitlements)) continue;
      if (lacksGroup(c, app, appConfiguration, sysexConfiguration)) continue;
      const own = c.groups(sysexConfiguration);
      const others = c.groups(appConfiguration);
      const name = c.machName(sysexConfiguration);
      if (own.length > 0 && (!name || others.length === 0 || own.some((g) => others.some((o) => isOwn(o, g) !== 'no'))))
        continue;
      if (own.length === 0 && !name && c.listeners(sysex).length === 0) continue;
      const e = c.entitlement(sysexConfiguration, groupsKey);
      if (e && own.length === 0 && e.value?.kind !== 'array') continue;
      yield {
        file: use.part.file,
        range: e?.keyRange ?? firstLine(use.part.text, use.part.root),
        severity: own.length === 0 ? 'error' : 'info',
        message:
          own.length === 0
            ? `${sysex.name} has a named endpoint and claims no app group: the name is refused.`
            : `${sysex.name} and ${app.name} claim different app groups.`,
        fixes:
          own.length === 0 ? addGroupFix('Claim the app group of the app', use, groupsKey, groupFor(name, others)) : [],
      };
    }
  },
};

/** A group of the app that fits the name; else the app's first. */
function groupFor(name: PlistText | undefined, groups: readonly PlistText[]): readonly string[] {
  const fitting = groups.find((g) => name && isOwn(name, g) !== 'no') ?? (name ? undefined : groups[0]);
  return fitting ? [fitting.raw] : [];
}
