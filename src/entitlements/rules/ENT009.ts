import { insertItems, renameKey, replaceValue, removeEntry } from '../../plist/xmlEdit.ts';
import type { PlistEntry } from '../../plist/value.ts';
import { findKey, findNearMiss } from '../catalogue/catalogue.ts';
import type { NearMiss } from '../catalogue/schema.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { findEntry, fix, meantKey, removeKeyFix, topEntries } from './support.ts';
import { isWelcome, suits } from './unknown.ts';

/** The key that was meant, with the value it had or the one that was meant; undefined where removal is all. */
function replacement(c: EntitlementsContext, entry: PlistEntry, miss: NearMiss): Fix | undefined {
  if (miss.meant === undefined || !entry.value) return undefined;
  if (!isWelcome(c, miss.meant)) return undefined;
  const present = findEntry(c, miss.meant);
  if (present) {
    const array = present.value;
    // A fourth kind would be one too many (ENT014).
    if (miss.value === undefined || array?.kind !== 'array' || array.items.length >= 3) return undefined;
    if (array.items.some((i) => i.kind === 'string' && i.value === miss.value)) return undefined;
    return fix(c, `Add ${miss.value} to ${miss.meant}`, [
      insertItems(c.document, array, [miss.value]),
      removeEntry(c.document, entry),
    ]);
  }
  const title = `Replace by ${miss.meant}`;
  if (miss.value !== undefined)
    return fix(c, title, [renameKey(entry, miss.meant), replaceValue(c.document, entry.value, [miss.value])]);
  return suits(miss.meant, entry.value) ? fix(c, title, [renameKey(entry, miss.meant)]) : undefined;
}

export const ENT009: Rule = {
  id: 'ENT009',
  severity: 'error',
  title: 'A key that looks real and is not',
  doc: {
    what: 'A key that is known to be invented or misremembered; it has been seen in questions, repositories and lists.',
    why: 'Below com.apple.developer. no profile can list it and signing fails (error). Below com.apple.security. it signs and does nothing (warning), while the real cause stays.',
    evidence: 'Developer forums, threads 816702 and 789330; public code.',
    fix: 'Write the key that was meant, or remove it; the message says which.',
    bad: '<key>com.apple.developer.endpoint-security</key>\n<true/>',
    good: '<key>com.apple.developer.endpoint-security.client</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      const miss = findNearMiss(key);
      if (!miss || findKey(key)) continue;
      const replace = replacement(c, entry, miss);
      yield {
        range: entry.keyRange,
        message: `${key} is no entitlement. ${miss.advice}`,
        severity: key.startsWith('com.apple.developer.') ? 'error' : 'warning',
        fixes: [...(replace ? [replace] : []), removeKeyFix(c, entry, !replace)],
      };
    }
  },
};
