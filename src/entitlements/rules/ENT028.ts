import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { meantKey, removeKeyFix, topEntries, switchMeaning } from './support.ts';

/** Used in a build to be handed out; without a project, by the file's name. */
function forRelease(c: EntitlementsContext): string | undefined {
  const role = c.roles.find(
    (r) => r.configurationKind === 'release' || r.signing === 'developer-id' || r.signing === 'app-store',
  );
  if (role) return `the configuration ${role.configuration}`;
  const name = c.file.slice(Math.max(c.file.lastIndexOf('/'), c.file.lastIndexOf('\\')) + 1);
  if (c.roles.length > 0 || !/release|distribution|appstore|developer-?id/i.test(name)) return undefined;
  return 'builds that are handed out';
}

export const ENT028: Rule = {
  id: 'ENT028',
  severity: 'error',
  title: 'Debugging allowed in a release',
  doc: {
    what: 'get-task-allow is true in a file of a release or distribution configuration.',
    why: 'It lets every program of the user attach to yours. Notarisation and the App Store refuse it.',
    evidence: 'A rule of notarisation.',
    fix: 'Remove it; Xcode adds it to development builds by itself.',
    bad: '<key>com.apple.security.get-task-allow</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  given: {
    text: 'the file of a Release configuration',
    roles: [{ configuration: 'Release', configurationKind: 'release' }],
  },
  *check(c): Generator<Report> {
    const where = forRelease(c);
    if (where === undefined) return;
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      if (key !== 'get-task-allow' && key !== 'com.apple.security.get-task-allow') continue;
      if (switchMeaning(entry.value) === true)
        yield {
          range: entry.range,
          message: `${key} is for development, and this file serves ${where}: notarisation refuses it.`,
          fixes: [removeKeyFix(c, entry)],
        };
    }
  },
};
