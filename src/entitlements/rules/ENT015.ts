import type { Report, Rule } from './rule.ts';
import { groupsKey, hasVariable, renameGroupFix, stringsUnder, teamPrefix } from './support.ts';

const isSound = (group: string): boolean => group.startsWith('group.') || teamPrefix(group) !== undefined;

export const ENT015: Rule = {
  id: 'ENT015',
  severity: 'error',
  title: 'An app group without group. or Team ID',
  doc: {
    what: 'The name of an app group begins neither with group. nor with the Team ID.',
    why: 'The system gives no container for such a group and the App Store refuses the app.',
    evidence: "Developer forums, thread 721701 and the text of the store's message (thread 775022).",
    fix: 'Put group. before the name (and register it), or $(TeamIdentifierPrefix). Change it in every file that uses the group.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>com.example.shared</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>group.com.example.shared</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const item of stringsUnder(c, groupsKey)) {
      // ENT032 speaks of wildcards, ENT020 of a prefix without its dot.
      if (isSound(item.value) || item.value.includes('*')) continue;
      const outcomes = c.resolve(item.value);
      if (!outcomes || outcomes.every(isSound)) continue;
      const fixes = hasVariable(item.value)
        ? []
        : [renameGroupFix(c, item, `group.${item.value.trim()}`, `Rename to group.${item.value.trim()}`, true)];
      yield {
        range: item.range,
        message: `The app group "${item.value}" begins neither with group. nor with a Team ID.`,
        fixes,
      };
    }
  },
};
