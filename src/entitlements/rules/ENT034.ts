import type { Report, Rule } from './rule.ts';
import { findEntry, removeKeyFix } from './support.ts';

const key = 'com.apple.developer.system-extension.install';

export const ENT034: Rule = {
  id: 'ENT034',
  severity: 'hint',
  title: 'The right to install system extensions on the wrong side',
  doc: {
    what: 'com.apple.developer.system-extension.install stands in the file of a system extension or a tool.',
    why: 'The container app asks for the activation, so the app claims it. On the extension it only makes the profile larger.',
    evidence: "Apple's SimpleFirewall sample; one command-line tool in the public files.",
    fix: "Remove it here and claim it in the app's file.",
    bad: '<key>com.apple.developer.system-extension.install</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  given: { text: 'the file of a system extension', roles: [{ productType: 'system-extension' }] },
  *check(c): Generator<Report> {
    const entry = findEntry(c, key);
    if (!entry || c.roles.length === 0) return;
    const sides = new Set(c.roles.map((role) => role.productType));
    if (![...sides].every((side) => side === 'system-extension' || side === 'tool')) return;
    yield {
      range: entry.keyRange,
      message: 'This belongs to the container app, which asks for the activation.',
      fixes: [removeKeyFix(c, entry)],
    };
  },
};
