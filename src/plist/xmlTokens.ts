// Cuts XML text into tags, text, comments and the rest. Every character is looked at a bounded number of times,
// whatever the text holds, and every call moves on: no input makes it hang. It reads nothing but the text.

export type XmlTokenKind = 'open' | 'close' | 'text' | 'comment' | 'cdata' | 'instruction' | 'doctype' | 'bad';

export interface XmlToken {
  kind: XmlTokenKind;
  start: number;
  end: number;
  /** Of a tag; '' where it has none. */
  name: string;
  /** `<a/>` */
  empty: boolean;
  /** The tag, comment or declaration ends as it should. */
  complete: boolean;
}

const nameAt = /[A-Za-z_:\u00b7-\uffff][\w:.\-\u00b7-\uffff]*/y;
const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13;
const ch = { lt: 60, gt: 62, slash: 47, bang: 33, question: 63, quote: 34, apostrophe: 39, open: 91, close: 93 };

/** The token at `start`, written into `token`: one object serves a whole scan. */
export function readToken(text: string, start: number, token: XmlToken): void {
  token.start = start;
  token.name = '';
  token.empty = false;
  token.complete = true;
  if (text.charCodeAt(start) !== ch.lt) {
    const next = text.indexOf('<', start);
    token.kind = 'text';
    token.end = next < 0 ? text.length : next;
    return;
  }
  const c = text.charCodeAt(start + 1);
  if (c === ch.bang) readDeclaration(text, start, token);
  else if (c === ch.question) readInstruction(text, start, token);
  else readTag(text, start, c === ch.slash, token);
}

function delimited(text: string, token: XmlToken, kind: XmlTokenKind, from: number, close: string): void {
  const at = text.indexOf(close, from);
  token.kind = kind;
  token.complete = at >= 0;
  // Without its end it takes the rest, so that the search is never repeated.
  token.end = at < 0 ? text.length : at + close.length;
}

function readDeclaration(text: string, start: number, token: XmlToken): void {
  if (text.startsWith('<!--', start)) return delimited(text, token, 'comment', start + 4, '-->');
  if (text.startsWith('<![CDATA[', start)) return delimited(text, token, 'cdata', start + 9, ']]>');
  token.kind = /^<!doctype/i.test(text.slice(start, start + 9)) ? 'doctype' : 'bad';
  let quote = 0;
  let subset = 0;
  let i = start + 2;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quote) {
      if (c === quote) quote = 0;
    } else if (c === ch.quote || c === ch.apostrophe) quote = c;
    else if (c === ch.open) subset++;
    else if (c === ch.close) subset--;
    else if (subset <= 0 && (c === ch.gt || c === ch.lt)) break;
  }
  finish(text, i, token);
}

/** `<?xml … ?>`; a `>` without its `?` still ends it, so that one slip does not swallow the document. */
function readInstruction(text: string, start: number, token: XmlToken): void {
  token.kind = 'instruction';
  let i = start + 2;
  while (i < text.length && text.charCodeAt(i) !== ch.gt && text.charCodeAt(i) !== ch.lt) i++;
  finish(text, i, token);
  token.complete &&= i > start + 2 && text.charCodeAt(i - 1) === ch.question;
}

function readTag(text: string, start: number, closing: boolean, token: XmlToken): void {
  nameAt.lastIndex = start + (closing ? 2 : 1);
  const name = nameAt.exec(text)?.[0];
  if (name === undefined) {
    token.kind = closing ? 'close' : 'bad';
    let i = start + 1;
    if (closing) {
      i++;
      while (isSpace(text.charCodeAt(i))) i++;
      if (text.charCodeAt(i) === ch.gt) i++;
    }
    token.end = Math.min(i, text.length);
    token.complete = false;
    return;
  }
  token.kind = closing ? 'close' : 'open';
  token.name = name;
  const nameEnd = nameAt.lastIndex;
  let i = nameEnd;
  let quote = 0;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    // No attribute value may hold `<`: an open quote ends there too.
    if (c === ch.lt) break;
    if (quote) {
      if (c === quote) quote = 0;
    } else if (c === ch.quote || c === ch.apostrophe) quote = c;
    else if (c === ch.gt) break;
  }
  token.empty = !closing && text.charCodeAt(i) === ch.gt && text.charCodeAt(i - 1) === ch.slash;
  finish(text, i, token);
  // `<true` at the end of a line: the tag is the name, what follows is text again.
  if (!token.complete) {
    token.empty = !closing && text.charCodeAt(nameEnd) === ch.slash;
    token.end = nameEnd + (token.empty ? 1 : 0);
  }
}

function finish(text: string, at: number, token: XmlToken): void {
  token.complete = at < text.length && text.charCodeAt(at) === ch.gt;
  token.end = token.complete ? at + 1 : at;
}
