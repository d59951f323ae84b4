import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { fix } from './support.ts';

const declared = /^\ufeff?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']/;

export const ENT003: Rule = {
  id: 'ENT003',
  severity: 'warning',
  title: 'Byte order mark, CR line ends or another encoding than UTF-8',
  doc: {
    what: 'The file begins with a byte order mark, its lines end in CR LF, or it is not UTF-8.',
    why: 'The parser behind codesign wants plain XML: UTF-8, LF, no byte order mark. What plutil accepts may still fail when code is signed.',
    evidence: "Apple's note on the plain format of entitlements.",
    fix: 'Save the file as UTF-8 with LF and without a byte order mark.',
    bad: '\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<plist version="1.0">\r\n<dict/>\r\n</plist>\r\n',
    good: '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict/>\n</plist>\n',
  },
  *check(c): Generator<Report> {
    // What a tool or a script writes anew before it signs keeps none of this.
    for (const report of reports(c)) yield c.processedBy === 'mixed' ? { ...report, severity: 'info' } : report;
  },
};

function* reports(c: EntitlementsContext): Generator<Report> {
  if (c.text.charCodeAt(0) === 0xfeff)
    yield {
      range: { start: 0, end: 1 },
      message: 'The file begins with a byte order mark.',
      fixes: [fix(c, 'Remove the byte order mark', [{ start: 0, end: 1, text: '' }])],
    };
  const cr = c.text.indexOf('\r');
  if (cr >= 0)
    yield {
      range: { start: cr, end: cr + 1 },
      message: 'The lines end in CR LF.',
      fixes: [
        fix(
          c,
          'End all lines with LF',
          [...c.text.matchAll(/\r\n?/g)].map((m) => ({ start: m.index, end: m.index + m[0].length, text: '\n' })),
        ),
      ],
    };
  const encoding = declared.exec(c.text);
  if (encoding && !/^(utf-?8|us-ascii|ascii)$/i.test(encoding[1]!)) {
    const start = encoding[0].length - 1 - encoding[1]!.length;
    const range = { start, end: start + encoding[1]!.length };
    yield {
      range,
      message: `The file says that it is ${encoding[1]}; entitlements are UTF-8.`,
      fixes: [fix(c, 'Declare UTF-8', [{ ...range, text: 'UTF-8' }])],
    };
  }
  for (const error of c.document.errors)
    if (error.code === 'encoding') yield { range: error.range, message: error.message };
}
