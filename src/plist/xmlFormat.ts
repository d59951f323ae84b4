// Formatting of an XML property list as Xcode writes it: one element a line, containers indented. Only white space
// between elements changes; scalars, comments and blank lines between entries stay.
import type { PlistDocument } from './value.ts';
import type { Edit, Style } from './xmlEdit.ts';
import { styleOf } from './xmlEdit.ts';
import { frameKind } from './xmlFrames.ts';
import type { XmlToken } from './xmlTokens.ts';
import { readToken } from './xmlTokens.ts';

/** What leaves the text too broken to know where an element ends. */
const structural = new Set(['syntax', 'unclosed', 'stray-close', 'stray-text', 'comment', 'limit', 'empty']);

export function formatXmlPlist(document: PlistDocument, unit?: string): readonly Edit[] {
  const { text } = document;
  if (document.format !== 'xml' || document.errors.some((error) => structural.has(error.code))) return [];
  const style: Style = { eol: styleOf(text).eol, unit: unit ?? styleOf(text).unit };
  const edits: Edit[] = [];
  let depth = 0;
  let inScalar = false;
  let last: XmlToken | undefined;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length;) {
    const token: XmlToken = { kind: 'text', start: 0, end: 0, name: '', empty: false, complete: true };
    readToken(text, at, token);
    at = token.end;
    if (inScalar) {
      inScalar = token.kind !== 'close';
      last = token;
      continue;
    }
    if (token.kind === 'text') continue;
    const container = token.kind === 'close' || (token.kind === 'open' && frameKind(token.name) !== 'scalar');
    const indented = container && token.name !== 'plist';
    if (token.kind === 'close' && indented) depth--;
    if (last) {
      const gap = { start: last.end, end: token.start };
      const to = gapText(text.slice(gap.start, gap.end), last, token, depth, style);
      if (to !== text.slice(gap.start, gap.end)) edits.push({ ...gap, text: to });
    }
    if (token.kind === 'open' && !token.empty) {
      if (indented) depth++;
      inScalar = frameKind(token.name) === 'scalar';
    }
    last = token;
  }
  if (last && text.slice(last.end) !== style.eol) edits.push({ start: last.end, end: text.length, text: style.eol });
  return edits;
}

function gapText(gap: string, before: XmlToken, token: XmlToken, depth: number, style: Style): string {
  const emptied = token.kind === 'close' && before.kind === 'open' && before.name === token.name && gap === '';
  if (emptied) return '';
  // A comment behind a value stays there.
  if (token.kind === 'comment' && !gap.includes('\n') && gap !== '') return ' ';
  const blank = (gap.match(/\n/g)?.length ?? 0) > 1 && token.kind !== 'close' && before.kind !== 'open';
  return style.eol.repeat(blank ? 2 : 1) + style.unit.repeat(Math.max(0, depth));
}
