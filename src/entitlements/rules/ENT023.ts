import { replaceString } from '../../plist/xmlEdit.ts';
import { looksLikeFile, pathEntries } from './paths.ts';
import type { Report, Rule } from './rule.ts';
import { fix, hasVariable, placeOf } from './support.ts';

export const ENT023: Rule = {
  id: 'ENT023',
  severity: 'warning',
  title: 'A file exception for a folder without its slash',
  doc: {
    what: 'A path of a file exception looks like a folder and has no slash at its end.',
    why: 'Without the slash the exception is for that one path: the folder itself, and nothing in it.',
    evidence: 'The sandbox profile of macOS 10.15.2.',
    fix: 'Add the slash. Paths that look like a file are left alone.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.temporary-exception.files.absolute-path.read-only</key>\n<array>\n\t<string>/Library/Example</string>\n</array>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.temporary-exception.files.absolute-path.read-only</key>\n<array>\n\t<string>/Library/Example/</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const { item } of pathEntries(c)) {
      if (item.value.endsWith('/') || hasVariable(item.value) || looksLikeFile(item.value)) continue;
      yield {
        range: placeOf(item),
        message: `Without a slash at its end, "${item.value}" is that one path and not what lies below.`,
        fixes: [fix(c, 'Add the slash', [replaceString(c.document, item, `${item.value}/`)])],
      };
    }
  },
};
