import type { PlistString } from '../../plist/value.ts';
import { replaceString } from '../../plist/xmlEdit.ts';
import { notNames } from './paths.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { allStrings, fix, groupsKey, renameGroupFix, stringsUnder, teamPrefix, placeOf } from './support.ts';

/** Where the placeholder begins, and its length with the dot. */
function placeholderIn(text: string): { at: number; length: number } | undefined {
  for (const at of text.startsWith('group.') ? [0, 6] : [0]) {
    const prefix = teamPrefix(text.slice(at));
    if (prefix?.kind === 'placeholder') return { at, length: prefix.length };
  }
  return undefined;
}

/** What stands for the Team ID and its dot in this file; undefined where that is not known. */
function realPrefix(c: EntitlementsContext, keychain: boolean): string | undefined {
  const team = c.roles.find((role) => role.teamId !== undefined)?.teamId;
  if (c.processedBy === 'raw') return team === undefined ? undefined : `${team}.`;
  return keychain ? '$(AppIdentifierPrefix)' : '$(TeamIdentifierPrefix)';
}

export const ENT018: Rule = {
  id: 'ENT018',
  severity: 'warning',
  title: 'A placeholder in place of the Team ID',
  doc: {
    what: 'A value begins with TEAM_ID, XXXXXXXXXX or another stand-in for a Team ID.',
    why: 'No team has it: no profile covers the group, and names below it belong to nobody.',
    evidence: 'Developer forums, thread 816702.',
    fix: 'Write $(TeamIdentifierPrefix), which Xcode replaces by the Team ID and a dot; in a file that no Xcode build expands, the Team ID itself.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>TEAM_ID.com.example.app</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)com.example.app</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    // What a script writes its own values into is a template.
    if (c.processedBy === 'mixed') return;
    const groups = new Set<PlistString>(stringsUnder(c, groupsKey));
    const keychain = new Set<PlistString>(stringsUnder(c, 'keychain-access-groups'));
    const others = notNames(c);
    for (const item of allStrings(c)) {
      const found = placeholderIn(item.value);
      if (!found || others.has(item)) continue;
      const rest = item.value.slice(found.at + found.length);
      const prefix = realPrefix(c, keychain.has(item));
      const bare = rest === '' && !item.value.endsWith('.');
      const to =
        prefix === undefined ? undefined : bare ? '$(DEVELOPMENT_TEAM)' : item.value.slice(0, found.at) + prefix + rest;
      const title = `Replace by ${to}`;
      const fixes =
        to === undefined || (bare && c.processedBy === 'raw')
          ? []
          : [
              groups.has(item)
                ? renameGroupFix(c, item, to, title, true)
                : fix(c, title, [replaceString(c.document, item, to)]),
            ];
      yield {
        range: placeOf(item),
        message: `"${item.value.slice(found.at, found.at + found.length).replace(/\.$/, '')}" is a placeholder, not a Team ID.`,
        fixes,
      };
    }
  },
};
