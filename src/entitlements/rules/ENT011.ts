import type { PlistEntry } from '../../plist/value.ts';
import { removeEntry, renameKey } from '../../plist/xmlEdit.ts';
import { findKey } from '../catalogue/catalogue.ts';
import type { CatalogueKey } from '../catalogue/schema.ts';
import { platformsOf } from '../catalogue/schema.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { findEntry, fix, kindFits, meantKey, topEntries } from './support.ts';

function fits(c: EntitlementsContext, row: CatalogueKey, entry: PlistEntry): boolean {
  const platforms = platformsOf(row.os);
  const known = c.roles.every((role) => !platforms || role.platform === undefined || platforms.has(role.platform));
  return known && (!entry.value || kindFits(row, entry.value));
}

export const ENT011: Rule = {
  id: 'ENT011',
  severity: 'info',
  title: 'A deprecated key or old alias',
  doc: {
    what: 'The key is deprecated, or an old name of another.',
    why: 'It may still work, and may stop to.',
    evidence: "Apple's pages; the aliases in the sandbox profile of macOS 10.15.2.",
    fix: 'Write the key that took its place.',
    bad: '<key>com.apple.security.camera</key>\n<true/>',
    good: '<key>com.apple.security.device.camera</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const row = findKey(meantKey(entry.key));
      if (!row || row.deprecated === undefined) continue;
      const fixes: Fix[] = [];
      if (row.replacedBy !== undefined) {
        if (findEntry(c, row.replacedBy))
          fixes.push(fix(c, `Remove it beside ${row.replacedBy}`, [removeEntry(c.document, entry)]));
        else if (fits(c, findKey(row.replacedBy)!, entry))
          fixes.push(fix(c, `Replace by ${row.replacedBy}`, [renameKey(entry, row.replacedBy)]));
      }
      const instead = row.replacedBy === undefined ? '' : ` Use ${row.replacedBy}.`;
      yield { range: entry.keyRange, message: `${row.key}: ${row.deprecated}${instead}`, fixes };
    }
  },
};
