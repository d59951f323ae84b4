import { removeEntry } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { findEntry, fix, isTrue, meantKey, sandboxKey, switchMeaning, topEntries } from './support.ts';

const inherit = 'com.apple.security.inherit';

const family = 'com.apple.security.';
/** Of the family and not of the sandbox: it does not look at them, nor at keys of other families. */
const apart = /^(cs|hardened-process)[.]|^(hardened-process|hypervisor|virtualization|get-task-allow)$/;
const ofSandbox = (key: string): boolean => key.startsWith(family) && !apart.test(key.slice(family.length));

export const ENT027: Rule = {
  id: 'ENT027',
  severity: 'error',
  title: 'An inherited sandbox with further claims',
  doc: {
    what: 'com.apple.security.inherit stands beside other keys of the App Sandbox than app-sandbox.',
    why: "A helper with inherit takes its parent's sandbox. With claims of its own the system tries to set up a second one and ends the helper: deny(1) forbidden-sandbox-reinit. Keys of the hardened runtime (com.apple.security.cs.), of virtual machines and of other families are none of the sandbox's and may stand beside it.",
    evidence: 'Developer forums, thread 712954.',
    fix: "Remove the others. What the helper needs stands in the parent's file.",
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.inherit</key>\n<true/>\n<key>com.apple.security.network.client</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.inherit</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    if (!isTrue(c, inherit)) return;
    // Written out as off, there is no sandbox to inherit or to claim.
    if (switchMeaning(findEntry(c, sandboxKey)?.value) === false) return;
    const others = topEntries(c).filter((e) => {
      const key = meantKey(e.key);
      return key !== inherit && key !== sandboxKey && ofSandbox(key);
    });
    if (others.length === 0) return;
    yield {
      range: findEntry(c, inherit)!.keyRange,
      message: `A helper that inherits the sandbox may claim no other key of the sandbox than app-sandbox; here stand also ${others.map((e) => e.key.trim()).join(', ')}.`,
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
