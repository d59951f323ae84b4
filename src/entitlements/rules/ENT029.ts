import { removeEntry, renameKey } from '../../plist/xmlEdit.ts';
import { findKey } from '../catalogue/catalogue.ts';
import { platformsOf } from '../catalogue/schema.ts';
import type { Platform } from '../project.ts';
import type { Report, Rule } from './rule.ts';
import { findEntry, fix, meantKey, removeKeyFix, topEntries } from './support.ts';

const names: ReadonlyMap<Platform | undefined, string> = new Map([
  ['ios', 'iOS'],
  ['tvos', 'tvOS'],
  ['watchos', 'watchOS'],
  ['visionos', 'visionOS'],
]);

const mobilePush = 'aps-environment';
const macPush = 'com.apple.developer.aps-environment';

export const ENT029: Rule = {
  id: 'ENT029',
  severity: 'warning',
  title: 'A key of another platform',
  doc: {
    what: 'aps-environment in a macOS target, or a key of the macOS sandbox in a target for iOS, tvOS, watchOS or visionOS.',
    why: 'The platform does not know the key: notifications do not arrive, the sandbox key does nothing.',
    evidence: "Apple's pages of the keys.",
    fix: 'On macOS the key is com.apple.developer.aps-environment. Elsewhere remove the sandbox keys: every app is sandboxed there.',
    bad: '<key>aps-environment</key>\n<string>development</string>',
    good: '<key>com.apple.developer.aps-environment</key>\n<string>development</string>',
  },
  given: { text: 'the file of a macOS target', roles: [{ platform: 'macos' }] },
  *check(c): Generator<Report> {
    const platforms = new Set(c.roles.map((role) => role.platform));
    if (platforms.size === 0 || platforms.has(undefined) || platforms.has('driverkit')) return;
    if (platforms.has('macos') && platforms.size > 1) return;
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      if (platforms.has('macos')) {
        if (key !== mobilePush) continue;
        const edit = findEntry(c, macPush) ? removeEntry(c.document, entry) : renameKey(entry, macPush);
        yield {
          range: entry.keyRange,
          message: `On macOS the key is ${macPush}.`,
          fixes: [fix(c, edit.text === '' ? `Remove ${mobilePush}` : `Replace by ${macPush}`, [edit])],
        };
        continue;
      }
      const row = findKey(key);
      const known = row && platformsOf(row.os);
      if (!row?.key.startsWith('com.apple.security.') || known?.size !== 1 || !known.has('macos')) continue;
      yield {
        range: entry.keyRange,
        message: `${key} is a key of macOS: it does nothing on ${[...platforms].map((p) => names.get(p) ?? p).join(', ')}.`,
        fixes: [removeKeyFix(c, entry)],
      };
    }
  },
};
