import { replaceString } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { fix, hasVariable, stringsUnder, teamPrefix, placeOf } from './support.ts';

/** Of the system: tokens of smart cards, identities that a device manager installs for VPN apps. */
const special = new Set(['com.apple.token', 'com.apple.managed.vpn.shared']);
const isSound = (group: string): boolean => teamPrefix(group) !== undefined || special.has(group);

export const ENT031: Rule = {
  id: 'ENT031',
  severity: 'error',
  title: 'A keychain group without its prefix',
  doc: {
    what: 'An entry of keychain-access-groups begins neither with $(AppIdentifierPrefix) nor with a Team ID.',
    why: 'Keychain groups belong to a team; the profile allows the Team ID and a wildcard. Without the prefix the claim is not covered, and on macOS the program is killed at launch.',
    evidence: 'The checks of rules_apple (plisttool); public logs.',
    fix: 'Put $(AppIdentifierPrefix) before it.',
    bad: '<key>keychain-access-groups</key>\n<array>\n\t<string>com.example.app</string>\n</array>',
    good: '<key>keychain-access-groups</key>\n<array>\n\t<string>$(AppIdentifierPrefix)com.example.app</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    for (const item of stringsUnder(c, 'keychain-access-groups')) {
      if (isSound(item.value) || item.value.includes('*')) continue;
      const outcomes = c.resolve(item.value);
      if (!outcomes || outcomes.every(isSound)) continue;
      const team = c.roles.find((role) => role.teamId !== undefined)?.teamId;
      const prefix = c.processedBy === 'raw' ? team && `${team}.` : '$(AppIdentifierPrefix)';
      const to = prefix === undefined || hasVariable(item.value) ? undefined : prefix + item.value.trim();
      yield {
        range: placeOf(item),
        message: `The keychain group "${item.value}" does not begin with a Team ID.`,
        fixes: to === undefined ? [] : [fix(c, `Write ${to}`, [replaceString(c.document, item, to)])],
      };
    }
  },
};
