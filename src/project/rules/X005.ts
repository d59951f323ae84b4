import type { Configuration, PlistText, Target } from '../model.ts';
import { isOwn } from './names.ts';
import type { ProjectContext } from './context.ts';
import { addGroupFix, firstLine } from './fixes.ts';
import { groupsKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X005: ProjectRule = {
  id: 'X005',
  severity: 'error',
  title: 'A sandboxed app does not list the app group of the endpoint',
  doc: {
    what: 'The app is sandboxed and talks to the system extension, but does not claim the app group that the name of the endpoint begins with.',
    why: 'The sandbox allows look-ups of names below the groups an app claims. Others fail with xpc_error=[159] and "deny(1) mach-lookup".',
    evidence: 'Developer forums, thread 816702; the sandbox profile of macOS 10.15.2.',
    fix: "Add the extension's group to the app.",
    bad: 'app: app-sandbox, no application-groups',
    good: "app: app-sandbox and the extension's group",
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs) {
      if (!lacksGroup(c, app, appConfiguration, sysexConfiguration)) continue;
      const use = appConfiguration.entitlements;
      const groups = c.groups(sysexConfiguration);
      const e = c.entitlement(appConfiguration, groupsKey);
      if (!use.part) continue;
      const name = c.machName(sysexConfiguration);
      const group = groups.find((g) => name && isOwn(name, g) !== 'no') ?? groups[0];
      yield {
        file: use.part.file,
        range: e?.keyRange ?? firstLine(use.part.text, use.part.root),
        message: `${app.name} is sandboxed and does not claim ${group?.text}, the app group of ${sysex.name}: it cannot look up the endpoint.`,
        ...(group ? { related: [{ ...group.location, message: `Claimed by ${sysex.name}.` }] } : {}),
        fixes: group ? addGroupFix(`Add ${group.raw}`, use, groupsKey, [group.raw]) : [],
      };
    }
  },
};

/** Sandboxed, talking, and without the group; false where any of it is not known. */
export function lacksGroup(
  c: ProjectContext,
  app: Target,
  appConfiguration: Configuration,
  sysexConfiguration: Configuration,
): boolean {
  if (c.sandboxed(appConfiguration) !== true || !c.knows(appConfiguration.entitlements)) return false;
  // REGISTER_APP_GROUPS only registers; it adds none.
  const name = c.machName(sysexConfiguration);
  const groups = c.groups(sysexConfiguration).filter((g) => !name || isOwn(name, g) !== 'no');
  if (groups.length === 0 || !talks(c, app, name)) return false;
  const own = c.groups(appConfiguration);
  return groups.every((g) => own.every((o) => isOwn(o, g) === 'no' || (isOwn(o, g) === 'child' && o.complete)));
}

/** The app looks up this name, or one that cannot be known while no launchd job is there to have it. */
function talks(c: ProjectContext, app: Target, name: PlistText | undefined): boolean {
  return c.clients(app).some((u) => {
    if (u.name === undefined) return c.launchdServices.length === 0 && name !== undefined;
    return (
      name !== undefined &&
      (u.name === name.text || (!name.complete && u.name.endsWith(name.raw.replace(/^\$[({][^)}]*[)}]/, ''))))
    );
  });
}
