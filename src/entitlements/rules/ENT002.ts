import { removeRange } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { fix } from './support.ts';

export const ENT002: Rule = {
  id: 'ENT002',
  severity: 'warning',
  title: 'Comment in an entitlements file',
  doc: {
    what: 'The file has an XML comment. Worse is a comment with `--` within, which XML forbids and plutil lets pass.',
    why: 'codesign hands the file to a parser of the kernel, which fails on some comments: "AMFIUnserializeXML: syntax error near line N". Xcode writes the file anew before it signs, so comments get lost there and do no harm; Tauri, Electron, Flutter, CMake and shell scripts hand it over as it is.',
    evidence: "Ten public reports of AMFIUnserializeXML; Apple's note on the plain format of entitlements.",
    fix: 'Remove the comment; explain the keys elsewhere.',
    bad: '<!-- needed for the filter -->\n<key>com.apple.security.app-sandbox</key>\n<true/>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  given: { text: 'a file that codesign reads as it is', processedBy: 'raw' },
  *check(c): Generator<Report> {
    for (const comment of c.document.comments) {
      const severity = comment.doubleHyphen || c.processedBy === 'raw' ? 'warning' : 'info';
      const message = comment.doubleHyphen
        ? 'A comment with -- within is not XML: plutil accepts it, the signing tools stop at it.'
        : c.processedBy === 'raw'
          ? 'codesign reads this file as it is: a comment can make it fail (AMFIUnserializeXML: syntax error).'
          : 'Comments do not reach the signature, and codesign itself can fail on them.';
      yield {
        range: comment.range,
        message,
        severity,
        fixes: [fix(c, 'Remove the comment', [removeRange(c.text, comment.range)])],
      };
    }
  },
};
