import type { Report, Rule } from './rule.ts';
import {
  exceptionPrefix,
  fix,
  meantKey,
  removeKeyFix,
  sandbox,
  sandboxKey,
  setTrueEdit,
  topEntries,
} from './support.ts';
import { findKey } from '../catalogue/catalogue.ts';

export const ENT021: Rule = {
  id: 'ENT021',
  severity: 'warning',
  title: 'A sandbox exception without a sandbox',
  doc: {
    what: 'A temporary exception stands in a file that does not turn the App Sandbox on.',
    why: 'There is nothing to be excepted from. Mostly a leftover, or the sandbox was meant to be on.',
    evidence: 'The sandbox profile of macOS 10.15.2; one of 68 public files, a leftover.',
    fix: 'Remove the exception, or turn the sandbox on.',
    bad: '<key>com.apple.security.temporary-exception.files.absolute-path.read-only</key>\n<array>\n\t<string>/Library/Example/</string>\n</array>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.temporary-exception.files.absolute-path.read-only</key>\n<array>\n\t<string>/Library/Example/</string>\n</array>',
  },
  *check(c): Generator<Report> {
    if (sandbox(c) !== 'off') return;
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      if (!key.startsWith(exceptionPrefix) || !findKey(key)) continue;
      yield {
        range: entry.keyRange,
        message: 'The sandbox is off, so there is nothing to be excepted from.',
        fixes: [removeKeyFix(c, entry), fix(c, 'Turn the App Sandbox on', [setTrueEdit(c, sandboxKey)], false)],
      };
    }
  },
};
