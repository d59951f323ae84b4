import { findKey, findNearMiss, findPattern } from '../catalogue/catalogue.ts';
import type { Report, Rule } from './rule.ts';
import { meantKey, removeKeyFix, topEntries } from './support.ts';

export const ENT010: Rule = {
  id: 'ENT010',
  severity: 'error',
  title: 'A key of Apple alone',
  doc: {
    what: 'A key that only code of Apple may claim: com.apple.private., com.apple.rootless., com.apple.security.exception., task_for_pid-allow and others.',
    why: 'The system refuses to launch code of others that claims it, or ignores the key.',
    evidence: 'The sandbox profile of macOS 10.15.2; public logs of "has restricted entitlements".',
    fix: 'Remove it.',
    bad: '<key>com.apple.private.security.no-sandbox</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      if (findNearMiss(key)) continue;
      const row = findKey(key) ?? findPattern(key);
      if (row?.access !== 'internal') continue;
      yield {
        range: entry.keyRange,
        message: `${key} is Apple's alone. ${row.about}`,
        fixes: [removeKeyFix(c, entry)],
      };
    }
  },
};
