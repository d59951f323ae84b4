import type { Report, Rule } from './rule.ts';
import { meantKey, removeKeyFix, topEntries } from './support.ts';

const injected = new Set([
  'application-identifier',
  'com.apple.application-identifier',
  'com.apple.developer.team-identifier',
]);

export const ENT030: Rule = {
  id: 'ENT030',
  severity: 'hint',
  title: 'An identity written by hand',
  doc: {
    what: 'application-identifier or team-identifier stands in the file.',
    why: 'Xcode takes both from the profile while it signs. Written by hand they differ as soon as the team or the bundle id changes, and the program is killed at launch. A build that signs without Xcode must write them; there this rule is silent.',
    evidence: 'The checks of rules_apple (plisttool).',
    fix: 'Remove them.',
    bad: '<key>com.apple.application-identifier</key>\n<string>$(AppIdentifierPrefix)com.example.app</string>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    if (c.processedBy === 'raw' || c.processedBy === 'mixed') return;
    for (const entry of topEntries(c))
      if (injected.has(meantKey(entry.key)))
        yield {
          range: entry.keyRange,
          message: `Xcode takes ${meantKey(entry.key)} from the profile.`,
          fixes: [removeKeyFix(c, entry)],
        };
  },
};
