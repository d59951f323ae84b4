// One open element of an XML property list, and what it becomes when it closes.
import type { TextRange } from '../entitlements/finding.ts';
import type { PlistEntry, PlistErrorCode, PlistValue } from './value.ts';
import type { XmlToken } from './xmlTokens.ts';

export type FrameKind = 'plist' | 'dict' | 'array' | 'scalar' | 'unknown';

export interface Frame {
  readonly name: string;
  readonly kind: FrameKind;
  readonly start: number;
  readonly openEnd: number;
  /** End of the last thing within that is not white space. */
  contentEnd: number;
  innerEnd: number;
  readonly entries: PlistEntry[];
  readonly items: PlistValue[];
  /** Decoded character data of a scalar. */
  readonly parts: string[];
}

const scalars = new Set(['key', 'string', 'integer', 'real', 'true', 'false', 'date', 'data']);

export const frameKind = (name: string): FrameKind =>
  name === 'plist' || name === 'dict' || name === 'array' ? name : scalars.has(name) ? 'scalar' : 'unknown';

const none: never[] = [];
export const newFrame = (token: XmlToken, kind: FrameKind): Frame => ({
  name: token.name,
  kind,
  start: token.start,
  openEnd: token.end,
  contentEnd: token.end,
  innerEnd: token.end,
  entries: kind === 'dict' ? [] : none,
  items: kind === 'array' ? [] : none,
  parts: kind === 'scalar' ? [] : none,
});

type OnError = (code: PlistErrorCode, start: number, end: number, message: string) => void;

/** The value; a string for `<key>`; undefined for what holds no value of its own. */
export function closeFrame(
  frame: Frame,
  closeStart: number,
  end: number,
  onError: OnError,
): PlistValue | string | undefined {
  const inner: TextRange = { start: frame.openEnd, end: Math.max(closeStart, frame.openEnd) };
  const range: TextRange = { start: frame.start, end };
  frame.innerEnd = inner.end;
  if (frame.kind === 'dict') {
    for (const e of frame.entries)
      if (!e.value) onError('missing-value', e.keyElement.start, e.keyElement.end, `The key ${e.key} has no value.`);
    return { kind: 'dict', range, inner, entries: frame.entries };
  }
  if (frame.kind === 'array') return { kind: 'array', range, inner, items: frame.items };
  if (frame.kind !== 'scalar') return undefined;
  const raw = frame.parts.length === 1 ? frame.parts[0]! : frame.parts.join('');
  const bad = (message: string): void => onError('bad-value', range.start, range.end, message);
  switch (frame.name) {
    case 'key':
      return raw;
    case 'string':
      return { kind: 'string', range, inner, value: raw };
    case 'true':
    case 'false':
      if (raw.trim() !== '') bad(`<${frame.name}/> holds no text.`);
      return { kind: 'boolean', range, inner, value: frame.name === 'true' };
    case 'integer':
      return { kind: 'integer', range, inner, value: readInteger(raw.trim(), bad) };
    case 'real':
      return { kind: 'real', range, inner, value: readReal(raw.trim(), bad) };
    case 'date':
      if (!/^-?\d{1,9}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(raw.trim())) bad('A date is written as 2026-02-24T13:15:36Z.');
      return { kind: 'date', range, inner, value: raw.trim() };
    default:
      return { kind: 'data', range, inner, value: readData(raw, bad) };
  }
}

function readInteger(raw: string, bad: (message: string) => void): bigint {
  const match = /^([+-]?)(0[xX][0-9A-Fa-f]{1,16}|\d{1,20})$/.exec(raw);
  const value = match ? BigInt(match[2]!) * (match[1] === '-' ? -1n : 1n) : undefined;
  if (value !== undefined && value >= -(2n ** 63n) && value < 2n ** 64n) return value;
  bad(value === undefined ? 'An integer is digits only, or 0x and hexadecimal digits.' : 'Larger than 64 bits.');
  return 0n;
}

function readReal(raw: string, bad: (message: string) => void): number {
  if (/^[+-]?(\d{1,400}\.?\d{0,400}|\.\d{1,400})([eE][+-]?\d{1,4})?$/.test(raw)) return Number(raw);
  const word = raw.toLowerCase();
  if (word === 'nan') return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  bad('Not a number.');
  return 0;
}

function readData(raw: string, bad: (message: string) => void): Uint8Array {
  try {
    return Uint8Array.from(atob(raw.replace(/\s+/g, '')), (c) => c.charCodeAt(0));
  } catch {
    bad('Not base64.');
    return new Uint8Array();
  }
}
