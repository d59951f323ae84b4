import type { Report, Rule } from './rule.ts';
import { removeKeyFix, topEntries } from './support.ts';
import { closestKeyFix, isUnknown } from './unknown.ts';

export const ENT008: Rule = {
  id: 'ENT008',
  severity: 'error',
  title: 'Unknown key under com.apple.developer.',
  doc: {
    what: 'A key below com.apple.developer. that is not in the catalogue.',
    why: 'These keys are restricted: a profile must list each. Automatic signing cannot get a profile for a key that does not exist, and a program signed with it anyway is killed at launch.',
    evidence:
      'Developer forums, thread 799000; seven public reports of "This likely is not a valid entitlement". None in 68 public files.',
    fix: 'Remove it, or write the key that was meant. A key that Apple granted to you and the catalogue lacks goes into `allowedKeys` of .flowtaprc or of the setting `flowtap.lint.allowedKeys`.',
    bad: '<key>com.apple.developer.packet-inspection</key>\n<true/>',
    good: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>content-filter-provider</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      if (!isUnknown(entry.key, 'com.apple.developer.') || c.config.allowedKeys?.has(entry.key.trim())) continue;
      const near = closestKeyFix(c, entry);
      yield {
        range: entry.keyRange,
        message: `${entry.key.trim()} is not a known entitlement: no profile will list it.`,
        fixes: [...(near ? [near] : []), removeKeyFix(c, entry, !near)],
      };
    }
  },
};
