// OpenStep (old-style) property lists: Xcode project files, and hand-written plists of that age. A recursive
// descent over the text with a bounded depth; what cannot be read is reported and skipped, never thrown.
import type { TextRange } from '../entitlements/finding.ts';
import type { PlistDict, PlistDocument, PlistEntry, PlistError, PlistErrorCode, PlistValue } from './value.ts';
import { decodeQuoted } from './openstepString.ts';

/** Deeper than any project file (they reach 6). */
const maxDepth = 512;
/** A file that is no plist at all would otherwise report every byte. */
const maxErrors = 100;

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13) || c === 0x2028 || c === 0x2029 || c === 0xfeff;

/** Characters that need no quotes. Wider than what Xcode writes: `-` and `@` occur in hand-edited files. */
const isBare = (c: number): boolean =>
  (c >= 48 && c <= 57) ||
  (c >= 65 && c <= 90) ||
  (c >= 97 && c <= 122) ||
  c === 0x5f /* _ */ ||
  c === 0x24 /* $ */ ||
  c === 0x2f /* / */ ||
  c === 0x3a /* : */ ||
  c === 0x2e /* . */ ||
  c === 0x2d /* - */ ||
  c === 0x40 /* @ */ ||
  c === 0x7e /* ~ */ ||
  c === 0x2b /* + */ ||
  c >= 0x80;

class Reader {
  readonly errors: PlistError[] = [];
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): PlistDocument {
    this.#skip();
    const text = this.#text;
    if (this.#at >= text.length) {
      this.#error('empty', { start: 0, end: text.length }, 'The file holds no value.');
      return { format: 'openstep', text, errors: this.errors, comments: [] };
    }
    const root = this.#value(0);
    this.#skip();
    if (this.#at < text.length)
      this.#error('stray-text', { start: this.#at, end: text.length }, 'Text after the end of the property list.');
    return { format: 'openstep', text, ...(root ? { root } : {}), errors: this.errors, comments: [] };
  }

  #error(code: PlistErrorCode, range: TextRange, message: string): void {
    if (this.errors.length < maxErrors) this.errors.push({ code, range, message });
  }

  /** Over spaces and comments of both forms. */
  #skip(): void {
    const text = this.#text;
    for (;;) {
      while (this.#at < text.length && isSpace(text.charCodeAt(this.#at))) this.#at++;
      if (text[this.#at] !== '/') return;
      const next = text[this.#at + 1];
      if (next === '/') {
        const end = text.indexOf('\n', this.#at);
        this.#at = end < 0 ? text.length : end + 1;
      } else if (next === '*') {
        const end = text.indexOf('*/', this.#at + 2);
        if (end < 0) this.#error('unclosed', { start: this.#at, end: text.length }, 'This comment is never closed.');
        this.#at = end < 0 ? text.length : end + 2;
      } else return;
    }
  }

  #value(depth: number): PlistValue | undefined {
    this.#skip();
    const start = this.#at;
    const c = this.#text[start];
    if (c === undefined) return undefined;
    if (depth >= maxDepth) {
      this.#error('limit', { start, end: start + 1 }, `Nested deeper than ${maxDepth} levels; the rest is not read.`);
      this.#at = this.#text.length;
      return undefined;
    }
    if (c === '{') return this.#dict(depth);
    if (c === '(') return this.#array(depth);
    if (c === '<') return this.#data();
    return this.#string();
  }

  #string(): PlistValue | undefined {
    const text = this.#text;
    const start = this.#at;
    const quote = text[start];
    if (quote === '"' || quote === "'") {
      let at = start + 1;
      while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
      const closed = at < text.length;
      const innerEnd = Math.min(at, text.length);
      this.#at = closed ? at + 1 : text.length;
      if (!closed) this.#error('unclosed', { start, end: text.length }, 'This string is never closed.');
      const inner = { start: start + 1, end: innerEnd };
      return {
        kind: 'string',
        value: decodeQuoted(text.slice(inner.start, inner.end)),
        range: { start, end: this.#at },
        inner,
      };
    }
    let at = start;
    while (at < text.length && isBare(text.charCodeAt(at)) && !this.#commentAt(at)) at++;
    if (at === start) return undefined;
    this.#at = at;
    const range = { start, end: at };
    return { kind: 'string', value: text.slice(start, at), range, inner: range };
  }

  #commentAt(at: number): boolean {
    return this.#text[at] === '/' && (this.#text[at + 1] === '*' || this.#text[at + 1] === '/');
  }

  #data(): PlistValue {
    const start = this.#at;
    const end = this.#text.indexOf('>', start);
    const stop = end < 0 ? this.#text.length : end;
    if (end < 0) this.#error('unclosed', { start, end: stop }, 'This data is never closed.');
    const hex = this.#text.slice(start + 1, stop).replace(/\s+/g, '');
    if (!/^([0-9a-fA-F]{2})*$/.test(hex))
      this.#error('bad-value', { start, end: stop }, 'Data is written as pairs of hexadecimal digits.');
    const bytes = new Uint8Array(hex.length >> 1);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16) || 0;
    this.#at = Math.min(stop + 1, this.#text.length);
    return { kind: 'data', value: bytes, range: { start, end: this.#at }, inner: { start: start + 1, end: stop } };
  }

  #array(depth: number): PlistValue {
    const start = this.#at++;
    const items: PlistValue[] = [];
    for (;;) {
      this.#skip();
      const c = this.#text[this.#at];
      if (c === undefined || c === ')') return { kind: 'array', items, ...this.#close(start, c) };
      if (c === ',') this.#at++;
      else {
        const item = this.#value(depth + 1);
        if (item) items.push(item);
        else this.#unexpected();
      }
    }
  }

  #dict(depth: number): PlistDict {
    const start = this.#at++;
    const entries: PlistEntry[] = [];
    for (;;) {
      this.#skip();
      const c = this.#text[this.#at];
      if (c === undefined || c === '}') return { kind: 'dict', entries, ...this.#close(start, c) };
      if (c === ';') {
        this.#at++;
        continue;
      }
      const key = this.#string();
      if (key?.kind !== 'string') {
        this.#unexpected();
        continue;
      }
      entries.push(this.#entry(key.value, key.range, key.inner, depth));
    }
  }

  #entry(key: string, whole: TextRange, keyRange: TextRange, depth: number): PlistEntry {
    this.#skip();
    if (this.#text[this.#at] !== '=') {
      this.#error('missing-value', whole, `“${key}” has no value.`);
      return { key, keyRange, keyElement: whole, range: whole };
    }
    this.#at++;
    const value = this.#value(depth + 1);
    if (!value) {
      this.#error('missing-value', whole, `“${key}” has no value.`);
      return { key, keyRange, keyElement: whole, range: whole };
    }
    this.#skip();
    if (this.#text[this.#at] === ';') this.#at++;
    else if (this.#text[this.#at] !== '}') this.#error('syntax', value.range, `A “;” is missing after “${key}”.`);
    return { key, keyRange, keyElement: whole, range: { start: whole.start, end: value.range.end }, value };
  }

  #close(start: number, found: string | undefined): { range: TextRange; inner: TextRange } {
    const innerEnd = this.#at;
    if (found === undefined) this.#error('unclosed', { start, end: start + 1 }, 'This bracket is never closed.');
    else this.#at++;
    return { range: { start, end: this.#at }, inner: { start: start + 1, end: innerEnd } };
  }

  #unexpected(): void {
    if (this.#at >= this.#text.length) return;
    this.#error('syntax', { start: this.#at, end: this.#at + 1 }, `“${this.#text[this.#at]}” does not belong here.`);
    this.#at++;
  }
}

/** Never throws; `root` holds what could be read. */
export const parseOpenStep = (text: string): PlistDocument => new Reader(text).document();
