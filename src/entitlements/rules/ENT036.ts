import type { Report, Rule } from './rule.ts';
import { findEntry, isTrue, removeKeyFix } from './support.ts';

const keys = ['disable-executable-page-protection', 'allow-unsigned-executable-memory', 'disable-library-validation'];

export const ENT036: Rule = {
  id: 'ENT036',
  severity: 'info',
  title: 'A weakened runtime in a process of root',
  doc: {
    what: 'A system extension turns library validation or the protection of code memory off.',
    why: 'A system extension runs as root: what gets into it owns the machine. Few need it, mostly for a language runtime.',
    evidence: "Apple's pages of the keys.",
    fix: 'Remove the key, unless a runtime you embed needs it.',
    bad: '<key>com.apple.security.cs.disable-library-validation</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  given: { text: 'the file of a system extension', roles: [{ productType: 'system-extension' }] },
  *check(c): Generator<Report> {
    if (c.roles.length === 0 || !c.roles.every((role) => role.productType === 'system-extension')) return;
    for (const name of keys) {
      const key = `com.apple.security.cs.${name}`;
      if (!isTrue(c, key)) continue;
      const entry = findEntry(c, key)!;
      yield {
        range: entry.keyRange,
        message: 'A system extension runs as root; this opens it to code of others.',
        fixes: [removeKeyFix(c, entry)],
      };
    }
  },
};
