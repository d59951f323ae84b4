import { stringsOf } from '../../plist/value.ts';
import type { PlistString } from '../../plist/value.ts';
import { replaceString, replaceValue } from '../../plist/xmlEdit.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { findEntry, fix, groupsKey, placeOf } from './support.ts';

const keychainKey = 'keychain-access-groups';
const exact = [
  groupsKey,
  keychainKey,
  'com.apple.developer.icloud-container-identifiers',
  'com.apple.developer.ubiquity-container-identifiers',
  'com.apple.developer.in-app-payments',
];

function fixesFor(c: EntitlementsContext, key: string, items: readonly PlistString[], item: PlistString): Fix[] {
  if (key === groupsKey && c.project) {
    const present = items.filter((i) => !i.value.includes('*')).map((i) => i.value);
    const groups = c.project.symbols('app-group').filter((g) => !g.includes('*') && !present.includes(g));
    const value = findEntry(c, key)!.value!;
    const all = [...present, ...groups];
    if (all.length > 0) return [fix(c, `Write the groups: ${all.join(', ')}`, [replaceValue(c.document, value, all)])];
  }
  const to = '$(AppIdentifierPrefix)$(CFBundleIdentifier)';
  if (key === keychainKey && c.processedBy === 'xcode' && !items.some((i) => i.value === to))
    return [fix(c, `Write ${to}`, [replaceString(c.document, item, to)])];
  return [];
}

export const ENT032: Rule = {
  id: 'ENT032',
  severity: 'error',
  title: 'A wildcard where names are due',
  doc: {
    what: 'An entry of the app groups, containers or merchant ids has a *. Of the keychain groups it is a hint: a profile allows them by a wildcard, the claim is accepted, and products ship with it.',
    why: 'A profile may allow with a wildcard; a program must claim names. With a * it claims a group of that name, which nobody has.',
    evidence: 'The checks of rules_apple (plisttool).',
    fix: 'Write the names.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)com.example.*</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)com.example.app</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    for (const key of exact) {
      const items = stringsOf(findEntry(c, key)?.value);
      for (const item of items)
        if (item.value.includes('*'))
          yield {
            range: placeOf(item),
            message: `${key} takes names; "${item.value}" has a wildcard.`,
            ...(key === keychainKey ? { severity: 'hint' } : {}),
            fixes: fixesFor(c, key, items, item),
          };
    }
  },
};
