import { replaceString } from '../../plist/xmlEdit.ts';
import type { Fix } from '../finding.ts';
import type { PathEntry } from './paths.ts';
import { pathEntries } from './paths.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { exceptionPrefix, fix, hasVariable, moveItemEdits, placeOf } from './support.ts';

const rooted = (path: string): string => `/${path.replace(/^\/+/, '')}`;

/** A path below the home folder moves to the list of such paths. */
function homeFix(c: EntitlementsContext, { entry, item, kind, mode }: PathEntry): Fix {
  const to = rooted(item.value.slice(1));
  if (kind === 'home-relative-path') return fix(c, `Write ${to}`, [replaceString(c.document, item, to)]);
  const key = `${exceptionPrefix}files.home-relative-path.read-${mode}`;
  return fix(c, `Move to the home-relative paths as ${to}`, moveItemEdits(c, entry, item, key, to));
}

export const ENT024: Rule = {
  id: 'ENT024',
  severity: 'error',
  title: 'A file exception that does not begin with a slash',
  doc: {
    what: 'A path of a file exception begins with a tilde or otherwise than with a slash.',
    why: 'The sandbox compares text: it expands no tilde, and every path it sees begins with a slash. The entry matches nothing.',
    evidence: 'The sandbox profile of macOS 10.15.2.',
    fix: 'Begin with a slash. Paths below the home folder stand in the home-relative list, without the tilde.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.temporary-exception.files.absolute-path.read-only</key>\n<array>\n\t<string>~/Library/Example/</string>\n</array>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.security.temporary-exception.files.home-relative-path.read-only</key>\n<array>\n\t<string>/Library/Example/</string>\n</array>',
  },
  *check(c): Generator<Report> {
    for (const path of pathEntries(c)) {
      const { item } = path;
      if (item.value.startsWith('/') || hasVariable(item.value)) continue;
      const tilde = item.value.startsWith('~');
      yield {
        range: placeOf(item),
        message: tilde
          ? 'The sandbox expands no ~.'
          : `"${item.value}" does not begin with a slash: it matches no path.`,
        fixes: [
          tilde
            ? homeFix(c, path)
            : fix(c, `Write ${rooted(item.value)}`, [replaceString(c.document, item, rooted(item.value))]),
        ],
      };
    }
  },
};
