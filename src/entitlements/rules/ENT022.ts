import type { PlistEntry, PlistString } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import {
  exceptionPrefix,
  findEntry,
  fix,
  groupsKey,
  moveItemEdits,
  removeItemEdit,
  stringsUnder,
  teamPrefix,
  placeOf,
} from './support.ts';

const keys = ['mach-lookup.global-name', 'mach-register.global-name'].map((name) => exceptionPrefix + name);

/** Removal, and a group to put in its place where none covers the name. */
function fixFor(c: EntitlementsContext, entry: PlistEntry, item: PlistString, group: string | undefined): Fix {
  if (group === undefined) return fix(c, 'Remove it: the app group allows the name', [removeItemEdit(c, entry, item)]);
  return fix(c, `Replace by the app group ${group}`, moveItemEdits(c, entry, item, groupsKey, group));
}

export const ENT022: Rule = {
  id: 'ENT022',
  severity: 'info',
  title: 'An exception for a name of your own app group',
  doc: {
    what: 'A mach-lookup or mach-register exception names a service below an app group of this file, or below the same Team ID.',
    why: 'The sandbox lets a program look up and register every name that is an app group of its own, a dot and more. The exception adds nothing, and the App Store asks about it.',
    evidence: 'Developer forums, thread 816702; the sandbox profile of macOS 10.15.2.',
    fix: 'Remove the exception; where the name is below the Team ID only, claim an app group above it instead.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.app</string>\n</array>\n<key>com.apple.security.temporary-exception.mach-lookup.global-name</key>\n<array>\n\t<string>group.com.example.app.xpc</string>\n</array>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.app</string>\n</array>',
  },
  *check(c): Generator<Report> {
    const groups = stringsUnder(c, groupsKey)
      .map((item) => item.value)
      .filter((group) => group !== '');
    const teams = groups.flatMap((group) => (teamPrefix(group) ? [group.slice(0, teamPrefix(group)!.length)] : []));
    for (const key of keys) {
      const entry = findEntry(c, key);
      for (const item of stringsOf(entry?.value)) {
        const group = groups.find((g) => item.value.startsWith(`${g}.`));
        const team = group ? undefined : teams.find((t) => item.value.startsWith(t));
        // A group of the Team ID alone would be every name of the team.
        const parent = item.value.slice(0, item.value.lastIndexOf('.'));
        if (
          group === undefined &&
          (team === undefined || parent.length <= team.length || parent.includes('*') || parent.endsWith('group'))
        )
          continue;
        yield {
          range: placeOf(item),
          message:
            group === undefined
              ? `An app group such as ${parent} would allow this name without an exception.`
              : `The app group ${group} allows this name: no exception is needed.`,
          fixes: [fixFor(c, entry!, item, group === undefined ? parent : undefined)],
        };
      }
    }
  },
};
