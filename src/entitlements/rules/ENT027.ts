import { removeEntry } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { findEntry, fix, isTrue, meantKey, sandboxKey, topEntries } from './support.ts';

const inherit = 'com.apple.security.inherit';

/** Of the hardened runtime or for the debugger: the sandbox does not look at them. */
const apart = (key: string): boolean => key.startsWith('com.apple.security.cs.') || key.endsWith('get-task-allow');

export const ENT027: Rule = {
  id: 'ENT027',
  severity: 'error',
  title: 'An inherited sandbox with further claims',
  doc: {
    what: 'com.apple.security.inherit stands beside other keys than app-sandbox.',
    why: "A helper with inherit takes its parent's sandbox. With claims of its own the system tries to set up a second one and ends the helper: deny(1) forbidden-sandbox-reinit. Keys of the hardened runtime (com.apple.security.cs.) are none of the sandbox's and may stand beside it.",
    evidence: 'Developer forums, thread 712954.',
    fix: "Remove the others. What the helper needs stands in the parent's file.",
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.inherit</key>\n<true/>\n<key>com.apple.security.network.client</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.inherit</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    if (!isTrue(c, inherit)) return;
    const others = topEntries(c).filter((e) => {
      const key = meantKey(e.key);
      return key !== inherit && key !== sandboxKey && !apart(key);
    });
    if (others.length === 0) return;
    yield {
      range: findEntry(c, inherit)!.keyRange,
      message: `A helper that inherits the sandbox may claim app-sandbox and nothing else; here stand also ${others.map((e) => e.key.trim()).join(', ')}.`,
      fixes: [
        fix(
          c,
          'Remove the other keys',
          others.map((e) => removeEntry(c.document, e)),
        ),
      ],
      related: others.map((e) => ({ file: c.file, range: e.keyRange, message: 'Not beside inherit.' })),
    };
  },
};
