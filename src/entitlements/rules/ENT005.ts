import { removeEntry } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { allValues, fix } from './support.ts';

export const ENT005: Rule = {
  id: 'ENT005',
  severity: 'error',
  title: 'The same key twice',
  doc: {
    what: 'A dictionary has one key twice.',
    why: 'Which of the two counts depends on the reader: the one that is signed need not be the one you see.',
    evidence: 'The meaning of property lists: keys are unique.',
    fix: 'Keep one; the fix deletes the later.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.app-sandbox</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const value of allValues(c.document.root)) {
      if (value.kind !== 'dict') continue;
      const first = new Map<string, (typeof value.entries)[number]>();
      for (const entry of value.entries) {
        const earlier = first.get(entry.key);
        if (!earlier) first.set(entry.key, entry);
        else
          yield {
            range: entry.keyRange,
            message: `${entry.key} stands here a second time.`,
            fixes: [fix(c, 'Delete the later one', [removeEntry(c.document, entry)])],
            related: [{ file: c.file, range: earlier.keyRange, message: 'The first one.' }],
          };
      }
    }
  },
};
