import { insertEntries } from '../../plist/xmlEdit.ts';
import { findKey } from '../catalogue/catalogue.ts';
import type { Report, Rule } from './rule.ts';
import { findEntry, fix, meantKey, rootDict, topEntries, switchMeaning } from './support.ts';

const parent = 'com.apple.security.hardened-process';

export const ENT035: Rule = {
  id: 'ENT035',
  severity: 'warning',
  title: 'A part of Enhanced Security without the whole',
  doc: {
    what: 'A key below com.apple.security.hardened-process. stands without the key it belongs to.',
    why: 'The keys depend on each other: without hardened-process (and without checked-allocations, for those below it) the part does nothing.',
    evidence: "Apple's pages of the keys.",
    fix: 'Add the keys above it.',
    bad: '<key>com.apple.security.hardened-process.hardened-heap</key>\n<true/>',
    good: '<key>com.apple.security.hardened-process</key>\n<true/>\n<key>com.apple.security.hardened-process.hardened-heap</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const row = findKey(meantKey(entry.key));
      if (!row?.key.startsWith(`${parent}.`) || switchMeaning(entry.value) === false) continue;
      const lacking = (row.needs ?? []).filter((need) => !findEntry(c, need));
      if (lacking.length === 0) continue;
      const added = insertEntries(
        c.document,
        rootDict(c)!,
        lacking.map((need) => [need, true] as const),
      );
      yield {
        range: entry.keyRange,
        message: `${row.key} does nothing without ${lacking.join(' and ')}.`,
        fixes: [fix(c, `Add ${lacking.join(' and ')}`, [added])],
      };
    }
  },
};
