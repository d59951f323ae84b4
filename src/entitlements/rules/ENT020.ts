import { replaceString } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { allStrings, fix, withRightDots, placeOf } from './support.ts';

export const ENT020: Rule = {
  id: 'ENT020',
  severity: 'error',
  title: 'One dot too many or too few after the Team ID',
  doc: {
    what: 'A dot follows $(TeamIdentifierPrefix) or $(AppIdentifierPrefix), or none follows $(DEVELOPMENT_TEAM).',
    why: 'The two prefixes end in a dot of their own; DEVELOPMENT_TEAM is the bare Team ID. The name that results is of nobody: no profile covers it.',
    evidence: 'How the variables are used in public projects.',
    fix: 'Remove the dot, or add it.',
    bad: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix).com.example.app</string>\n</array>',
    good: '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>$(TeamIdentifierPrefix)com.example.app</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    for (const item of allStrings(c)) {
      const to = withRightDots(item.value);
      if (to === item.value) continue;
      yield {
        range: placeOf(item),
        message:
          item.value.length > to.length
            ? 'The prefix ends in a dot already: this name would have two.'
            : 'DEVELOPMENT_TEAM has no dot at its end: one is missing here.',
        fixes: [fix(c, `Replace by ${to}`, [replaceString(c.document, item, to)])],
      };
    }
  },
};
