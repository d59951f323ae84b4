import type { Report, Rule } from './rule.ts';
import { findEntry, removeKeyFix, sandboxKey, switchMeaning } from './support.ts';

export const ENT026: Rule = {
  id: 'ENT026',
  severity: 'hint',
  title: 'The sandbox turned off in so many words',
  doc: {
    what: 'com.apple.security.app-sandbox is false.',
    why: 'Leaving the key out says the same. Written out, it looks like a forgotten experiment.',
    evidence: 'The meaning of the key.',
    fix: 'Remove the key.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<false/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    const entry = findEntry(c, sandboxKey);
    // Beside ENABLE_APP_SANDBOX the word means something: X021 looks at that.
    if (c.roles.some((role) => role.supplied?.has(sandboxKey))) return;
    if (entry && switchMeaning(entry.value) === false)
      yield {
        range: entry.range,
        message: 'Without this key the sandbox is off too.',
        fixes: [removeKeyFix(c, entry)],
      };
  },
};
