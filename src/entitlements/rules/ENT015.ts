import type { PlistString } from '../../plist/value.ts';
import type { Fix } from '../finding.ts';
import { mixed } from './ENT016.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import {
  groupsKey,
  hasVariable,
  leadingVariable,
  renameGroupFix,
  stringsUnder,
  teamPrefix,
  placeOf,
} from './support.ts';

/** A Team ID alone is a group of its own: its children are names of the team. */
const bareTeam = /^[A-Z0-9]{10}$/;
const isSound = (group: string): boolean =>
  group.startsWith('group.') || bareTeam.test(group) || teamPrefix(group) !== undefined;

/** In the style of the file's other groups; where it has none, group. */
function fixesFor(c: EntitlementsContext, item: PlistString): Fix[] {
  const others = stringsUnder(c, groupsKey).map((other) => other.value);
  const team = others.find((other) => teamPrefix(other));
  const prefix = team?.slice(0, leadingVariable(team)?.length ?? teamPrefix(team)!.length);
  const name = item.value.trim();
  const keepTeam = prefix !== undefined && !others.some((other) => other.startsWith('group.') && !mixed(other));
  const rename = (to: string, preferred: boolean) => renameGroupFix(c, item, to, `Rename to ${to}`, preferred);
  return [
    rename(`group.${name}`, !keepTeam),
    ...(prefix === undefined ? [] : [rename(dotted(prefix) + name, keepTeam)]),
  ];
}

/** $(TeamIdentifierPrefix) alone has a dot of its own. */
const dotted = (prefix: string): string =>
  prefix.endsWith('.') || /IdentifierPrefix[)}]$/.test(prefix) ? prefix : `${prefix}.`;

export const ENT015: Rule = {
  id: 'ENT015',
  severity: 'error',
  title: 'An app group without group. or Team ID',
  doc: {
    what: 'The name of an app group begins neither with group. nor with the Team ID.',
    why: 'The system gives no container for such a group and the App Store refuses the app.',
    evidence: "Developer forums, thread 721701 and the text of the store's message (thread 775022).",
    fix: 'Put group. before the name (and register it), or $(TeamIdentifierPrefix). Change it in every file that uses the group.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>com.example.shared</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.shared</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const item of stringsUnder(c, groupsKey)) {
      // ENT032 speaks of wildcards, ENT020 of a prefix without its dot.
      if (isSound(item.value) || item.value.includes('*')) continue;
      const outcomes = c.resolve(item.value);
      if (!outcomes || outcomes.every(isSound)) continue;
      yield {
        range: placeOf(item),
        message: `The app group "${item.value}" begins neither with group. nor with a Team ID.`,
        fixes: hasVariable(item.value) ? [] : fixesFor(c, item),
      };
    }
  },
};
