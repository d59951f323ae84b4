import { removeEntry, renameKey } from '../../plist/xmlEdit.ts';
import { findKey } from '../catalogue/catalogue.ts';
import type { Report, Rule } from './rule.ts';
import { fix, meantKey, topEntries } from './support.ts';

export const ENT033: Rule = {
  id: 'ENT033',
  severity: 'error',
  title: 'A space or a wrong case in a key',
  doc: {
    what: 'A key has white space around or within it, or differs from the real key by upper and lower case.',
    why: 'Keys are compared byte by byte: this is another key, and one that does nothing. The eye does not see it.',
    evidence: 'Even Apple shipped one and mended it (26.0).',
    fix: 'Write the key exactly.',
    bad: '<key> com.apple.security.app-sandbox</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const meant = meantKey(entry.key);
      if (meant === entry.key || meant === '') continue;
      const twin = topEntries(c).some((e) => e !== entry && e.key === meant);
      const how = entry.key === entry.key.trim() && !/\s/.test(entry.key) ? 'upper and lower case' : 'white space';
      yield {
        range: entry.keyRange,
        message: findKey(meant)
          ? `"${entry.key}" differs from ${meant} by ${how}: it is another key, and does nothing.`
          : `The key "${entry.key}" has white space around it.`,
        fixes: [
          twin
            ? fix(c, `Remove it beside ${meant}`, [removeEntry(c.document, entry)])
            : fix(c, `Write ${meant}`, [renameKey(entry, meant)]),
        ],
      };
    }
  },
};
