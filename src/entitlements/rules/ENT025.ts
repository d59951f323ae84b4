import { findKey } from '../catalogue/catalogue.ts';
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
  switchMeaning,
} from './support.ts';

export const ENT025: Rule = {
  id: 'ENT025',
  severity: 'info',
  title: 'A sandbox permission without a sandbox',
  doc: {
    what: 'A key such as network.client or files.user-selected.read-only stands in a file that does not turn the App Sandbox on.',
    why: 'Outside the sandbox everything it allows is allowed anyway.',
    evidence: 'The sandbox profile of macOS 10.15.2; seven of 68 public files.',
    fix: 'Remove it, or turn the sandbox on.',
    bad: '<key>com.apple.security.network.client</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.network.client</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    if (sandbox(c) !== 'off') return;
    for (const entry of topEntries(c)) {
      const row = findKey(meantKey(entry.key));
      if (!row?.sandbox || row.key.startsWith(exceptionPrefix)) continue;
      if (switchMeaning(entry.value) === false) continue;
      yield {
        range: entry.keyRange,
        message: `${row.key} means something in the App Sandbox only, and the sandbox is off.`,
        fixes: [removeKeyFix(c, entry), fix(c, 'Turn the App Sandbox on', [setTrueEdit(c, sandboxKey)], false)],
      };
    }
  },
};
