import type { PlistEntry, PlistString } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import { replaceString } from '../../plist/xmlEdit.ts';
import { findKey } from '../catalogue/catalogue.ts';
import type { CatalogueKey } from '../catalogue/schema.ts';
import { nearMissValues } from '../catalogue/nearMisses.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { distance } from './spelling.ts';
import { fix, hasVariable, meantKey, removeItemEdit, topEntries, placeOf } from './support.ts';

const stem = (value: string): string => value.replace(/-systemextension$/, '');

function fixesFor(c: EntitlementsContext, entry: PlistEntry, item: PlistString, row: CatalogueKey): Fix[] {
  if (hasVariable(item.value)) return [];
  const present = new Set(stringsOf(entry.value).map((other) => stem(other.value)));
  const meant = nearMissValues.get(item.value);
  const ranked = row
    .values!.map((value) => ({ value, d: value === meant ? -1 : distance(item.value, value, 200) }))
    .sort((x, y) => x.d - y.d);
  const free = ranked.filter(({ value }) => !present.has(stem(value))).slice(0, 4);
  const sure = ranked[0]!.d <= 2;
  const replaced = free.map(({ value, d }) =>
    fix(c, `Replace by ${value}`, [replaceString(c.document, item, value)], sure && d === ranked[0]!.d),
  );
  // What was meant stands there already.
  const twice = sure && present.has(stem(ranked[0]!.value)) && item.value !== ranked[0]!.value;
  if (twice && entry.value?.kind === 'array')
    return [fix(c, `Remove it beside ${ranked[0]!.value}`, [removeItemEdit(c, entry, item)]), ...replaced];
  return replaced;
}

export const ENT012: Rule = {
  id: 'ENT012',
  severity: 'error',
  title: 'A value that the key does not have',
  doc: {
    what: 'The key takes values of a fixed list, and this is none of them.',
    why: 'No profile can list it, so signing fails or the system ignores the claim. A transparent proxy, for one, has no value of its own: it is an app proxy.',
    evidence: 'Developer forums, thread 783048; the pages of the keys.',
    fix: 'Pick one of the list.',
    bad: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>transparent-proxy-systemextension</string>\n</array>',
    good: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider-systemextension</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const row = findKey(meantKey(entry.key));
      if (!row?.values) continue;
      const items = stringsOf(entry.value);
      for (const item of items) {
        const outcomes = c.resolve(item.value);
        const wrong = outcomes?.find((outcome) => !row.values!.includes(outcome));
        if (wrong === undefined) continue;
        const from = wrong === item.value ? '' : ` (from ${item.value})`;
        yield {
          range: placeOf(item),
          message: `"${wrong}"${from} is no value of ${row.key}.`,
          fixes: fixesFor(c, entry, item, row),
        };
      }
    }
  },
};
