// Where in a property list the cursor stands, also while the text around it is half typed. Only what stands before
// the cursor decides; the tree cannot, since a half-typed tag changes it.
import type { TextRange } from '../finding.ts';
import type { XmlToken } from '../../plist/xmlTokens.ts';
import { readToken } from '../../plist/xmlTokens.ts';
import { decodeText } from '../../plist/xmlText.ts';

export interface Cursor {
  /** Keys of the dictionaries around it, outermost first. */
  readonly path: readonly string[];
  /** The innermost container, and where its open tag begins. */
  readonly container: 'plist' | 'dict' | 'array' | undefined;
  readonly containerStart: number;
  /** The scalar it stands within: its content, and whether its close tag follows. */
  readonly within: { readonly name: string; readonly content: TextRange; readonly closed: boolean } | undefined;
  /** In a dictionary: the key whose value is due here. */
  readonly pendingKey: string | undefined;
  /** Half-typed text or tag at the cursor that a completion replaces. */
  readonly fragment: TextRange;
}

interface Open {
  readonly name: string;
  readonly start: number;
  readonly contentStart: number;
  /** Of a dictionary: the last key without a value so far. */
  key: string | undefined;
}

const containers = new Set(['plist', 'dict', 'array']);

export function cursorAt(text: string, offset: number): Cursor {
  const stack: Open[] = [];
  const token: XmlToken = { kind: 'text', start: 0, end: 0, name: '', empty: false, complete: true };
  let fragment: TextRange | undefined;
  for (let at = 0; at < offset; at = token.end) {
    readToken(text, at, token);
    const unfinished = token.end > offset || (token.end === offset && !token.complete);
    if ((token.kind === 'open' || token.kind === 'bad') && unfinished) {
      fragment = { start: token.start, end: Math.max(offset, Math.min(token.end, wordEnd(text, offset))) };
      break;
    }
    if (token.kind === 'open') open(stack, token);
    else if (token.kind === 'close' && token.end <= offset) close(stack, token.name, token.start, text);
    else if (token.kind === 'text' && token.end >= offset) fragment = wordAround(text, token.start, offset);
  }
  const last = stack.at(-1);
  const scalar = last && !containers.has(last.name) ? stack.pop() : undefined;
  const container = stack.at(-1);
  return {
    path: stack.flatMap((o) => (o.name === 'dict' && o !== container && o.key !== undefined ? [o.key] : [])),
    container: container?.name as Cursor['container'],
    containerStart: container?.start ?? 0,
    within: scalar && contentOf(text, scalar, offset),
    pendingKey: container?.name === 'dict' ? container.key : undefined,
    fragment: fragment ?? { start: offset, end: offset },
  };
}

function open(stack: Open[], token: XmlToken): void {
  const top = stack.at(-1);
  // What cannot stand within a scalar ends it.
  if (top && !containers.has(top.name)) stack.pop();
  if (token.empty) valueDone(stack.at(-1));
  else stack.push({ name: token.name, start: token.start, contentStart: token.end, key: undefined });
}

function close(stack: Open[], name: string, at: number, text: string): void {
  const index = stack.findLastIndex((o) => o.name === name);
  if (index < 0) return;
  const [closed] = stack.splice(index);
  const parent = stack.at(-1);
  if (name === 'key' && parent) parent.key = decodeText(text, closed!.contentStart, at, () => undefined).trim();
  else valueDone(parent);
}

function valueDone(parent: Open | undefined): void {
  if (parent) parent.key = undefined;
}

function contentOf(text: string, scalar: Open, offset: number): Cursor['within'] {
  const next = text.indexOf('<', offset);
  const end = next < 0 ? text.length : next;
  const closed = text.startsWith(`</${scalar.name}>`, end);
  // Without its close tag the content ends at the line's end.
  const line = text.slice(offset, end).search(/[\r\n]/);
  const stop = closed || line < 0 ? end : offset + line;
  return { name: scalar.name, content: { start: scalar.contentStart, end: stop }, closed };
}

const wordCharacter = /[^\s<>&]/;
function wordAround(text: string, least: number, offset: number): TextRange {
  let start = offset;
  while (start > least && wordCharacter.test(text[start - 1]!)) start--;
  return { start, end: wordEnd(text, offset) };
}
function wordEnd(text: string, offset: number): number {
  let end = offset;
  while (end < text.length && wordCharacter.test(text[end]!)) end++;
  return end;
}
