import { entry } from '../../plist/value.ts';
import type { Fix } from '../../entitlements/finding.ts';
import { collectOccurrences } from '../occurrences.ts';
import type { ProjectContext } from './context.ts';
import { groupsKey } from './keys.ts';
import { allows, profilesOf, profileTargets } from './profiles.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X015: ProjectRule = {
  id: 'X015',
  severity: 'error',
  title: 'An app group in the style of iOS that the profile does not list',
  doc: {
    what: 'A macOS target claims a group that begins with group., and the profile of the project for it does not list it. An error for a store profile, otherwise a warning.',
    why: 'Groups of this style must be authorised by the profile. Without, the store refuses the upload, and the system asks the user before it lets the app into the container.',
    evidence: 'Developer forums, threads 721701 and 775022.',
    fix: 'Register the group, make the profile anew, or use a group that begins with the Team ID.',
    bad: 'claimed: group.com.example.app; profile: no application-groups',
    good: 'the profile lists group.com.example.app',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of profileTargets(c)) {
      for (const configuration of target.configurations) {
        const profiles = profilesOf(c, configuration);
        if (profiles.length === 0) continue;
        const store = profiles.every((p) => p.kind === 'app-store');
        for (const group of c.groups(configuration)) {
          if (!group.complete || !group.text.startsWith('group.')) continue;
          if (profiles.some((p) => allows(entry(p.entitlements, groupsKey)?.value, group.text))) continue;
          yield {
            ...group.location,
            severity: store ? 'error' : 'warning',
            message: `The profile ${profiles[0]?.name ?? profiles[0]?.file} does not list the group “${group.text}”.`,
            fixes: teamStyle(c, group.raw),
          };
        }
      }
    }
  },
};

/** The style of macOS needs no profile. Not where code holds the name as text: it knows no variables. */
function teamStyle(c: ProjectContext, group: string): readonly Fix[] {
  const found = collectOccurrences(c.model).filter((o) => o.kind === 'app-group' && o.name === group);
  if (!group.startsWith('group.') || found.length === 0 || found.some((o) => o.inCode)) return [];
  const to = `$(TeamIdentifierPrefix)${group.slice('group.'.length)}`;
  return [
    {
      title: `Rename to ${to} (the group's container moves)`,
      edits: found.map(({ file, range }) => ({ file, ...range, text: to })),
    },
  ];
}
