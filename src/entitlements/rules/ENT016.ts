import type { PlistString } from '../../plist/value.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { groupsKey, renameGroupFix, stringsUnder, teamPrefix, placeOf } from './support.ts';

/** Both prefixes of a mixed name, and the rest. */
export function mixed(group: string): { team: string; rest: string } | undefined {
  const team = teamPrefix(group);
  if (team && group.startsWith('group.', team.length) && group.length > team.length + 6)
    return { team: group.slice(0, team.length), rest: group.slice(team.length + 6) };
  if (!group.startsWith('group.')) return undefined;
  const inner = teamPrefix(group.slice(6));
  // $(DEVELOPMENT_TEAM)x lacks its dot: ENT020.
  if (!inner || group.length <= 6 + inner.length) return undefined;
  return { team: group.slice(6, 6 + inner.length), rest: group.slice(6 + inner.length) };
}

/** The style of the other groups of the file, so that one style results. */
function othersUseTeam(c: EntitlementsContext, item: PlistString): boolean {
  const others = stringsUnder(c, groupsKey).filter((other) => other !== item && !other.value.startsWith('group.'));
  return others.some((other) => teamPrefix(other.value) && !mixed(other.value));
}

export const ENT016: Rule = {
  id: 'ENT016',
  severity: 'hint',
  title: 'An app group in both styles at once',
  doc: {
    what: 'The name of an app group has the Team ID and group. before it.',
    why: 'group. is the style of iOS, the Team ID that of macOS. Both together work (well-known products ship it), and confuse: it has the form of one and the rights of the other.',
    evidence: 'Developer forums, threads 816702 and 721701; 11 of 68 public files.',
    fix: 'In new code use one style. A new name is a new container: data of installed copies must be moved.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)group.com.example.app</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)com.example.app</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    for (const item of stringsUnder(c, groupsKey)) {
      const parts = mixed(item.value);
      if (!parts) continue;
      const moved = "(the group's container moves)";
      const ios = `group.${parts.rest}`;
      const mac = `${parts.team}${parts.rest}`;
      const keepTeam = othersUseTeam(c, item);
      yield {
        range: placeOf(item),
        message: `"${item.value}" mixes the iOS style (group.) with the macOS style (Team ID).`,
        fixes: [
          renameGroupFix(c, item, ios, `Rename to ${ios} ${moved}`, !keepTeam),
          renameGroupFix(c, item, mac, `Rename to ${mac} ${moved}`, keepTeam),
        ],
      };
    }
  },
};
