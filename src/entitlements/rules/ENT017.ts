import type { Report, Rule } from './rule.ts';
import { groupsKey, stringsUnder, teamPrefix, placeOf } from './support.ts';
import { mixed } from './ENT016.ts';

export const ENT017: Rule = {
  id: 'ENT017',
  severity: 'hint',
  title: 'App groups of both styles',
  doc: {
    what: 'The file lists a group of the iOS style and one of the macOS style, and they are not the same group under two names.',
    why: 'Mostly a leftover. Whoever shares data must know which of the two is meant.',
    evidence: 'Developer forums, thread 721701.',
    fix: 'Look whether both are in use. There is no automatic repair.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.app</string>\n\t<string>ABCDEFGH12.com.example.other</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.app</string>\n\t<string>ABCDEFGH12.com.example.app</string>\n</array>',
  },
  *check(c): Generator<Report> {
    const plain = stringsUnder(c, groupsKey).filter((item) => !mixed(item.value));
    const ios = plain.filter((item) => item.value.startsWith('group.'));
    const mac = plain.filter((item) => teamPrefix(item.value));
    const macStems = new Set(mac.map((item) => item.value.slice(teamPrefix(item.value)!.length)));
    const iosStems = new Set(ios.map((item) => item.value.slice('group.'.length)));
    const alone = ios.find((item) => !macStems.has(item.value.slice('group.'.length)));
    const other = mac.find((item) => !iosStems.has(item.value.slice(teamPrefix(item.value)!.length)));
    if (!alone || !other) return;
    const later = alone.range.start > other.range.start ? alone : other;
    const earlier = later === alone ? other : alone;
    yield {
      range: placeOf(later),
      message: `"${later.value}" is of another style than "${earlier.value}", and another group.`,
      related: [{ file: c.file, range: placeOf(earlier), message: 'The other group.' }],
    };
  },
};
