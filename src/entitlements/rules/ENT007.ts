import type { Report, Rule } from './rule.ts';
import { removeKeyFix, topEntries } from './support.ts';
import { closestKeyFix, isUnknown } from './unknown.ts';

export const ENT007: Rule = {
  id: 'ENT007',
  severity: 'warning',
  title: 'Unknown key under com.apple.security.',
  doc: {
    what: 'A key below com.apple.security. that no list of Apple, no profile and no public sandbox profile knows.',
    why: 'Everything below com.apple.security. may be claimed without permission, so such a key signs, launches and does nothing. It makes the file look as if it granted something.',
    evidence: 'Developer forums, thread 816702. In 68 public files only the two of that question had such keys.',
    fix: 'Remove it, or write the key that was meant.',
    bad: '<key>com.apple.security.xpc.listener</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      if (!isUnknown(entry.key, 'com.apple.security.')) continue;
      const near = closestKeyFix(c, entry);
      yield {
        range: entry.keyRange,
        message: `${entry.key.trim()} is no entitlement: it signs, and does nothing.`,
        fixes: [...(near ? [near] : []), removeKeyFix(c, entry, !near)],
      };
    }
  },
};
