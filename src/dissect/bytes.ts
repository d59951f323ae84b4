// Byte helpers shared by the dissectors.

/** To a TextDecoder "latin1" is windows-1252 (WHATWG Encoding, 4.2), which has other characters from 0x80 to 0x9f. */
const windows1252 = new TextDecoder('latin1');
const latin1Of = new Map(Array.from({ length: 32 }, (_, i) => [windows1252.decode(Uint8Array.of(0x80 + i)), String.fromCharCode(0x80 + i)])); // prettier-ignore
const notLatin1 = /[\u0100-\uffff]/g;
const utf8 = new TextDecoder('utf-8', { fatal: false });

/** ISO 8859-1: every byte has a character, so nothing is lost or thrown. */
export const latin1Text = (bytes: Uint8Array): string =>
  windows1252.decode(bytes).replace(notLatin1, (c) => latin1Of.get(c) ?? c);
/** UTF-8 with U+FFFD for what is malformed. */
export const utf8Text = (bytes: Uint8Array): string => utf8.decode(bytes);

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Reads big-endian integers (network order). Past the end everything reads as 0 and `failed` is set: check it once. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  failed = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }
  get left(): number {
    return this.end - this.at;
  }
  u8(): number {
    return this.need(1) ? this.bytes[this.at++]! : 0;
  }
  u16(): number {
    return (this.u8() << 8) | this.u8();
  }
  u24(): number {
    return (this.u16() << 8) | this.u8();
  }
  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }
  take(length: number): Uint8Array {
    if (!this.need(length)) return new Uint8Array(0);
    return this.bytes.subarray(this.at, (this.at += length));
  }
  skip(length: number): void {
    if (this.need(length)) this.at += length;
  }
  /** A reader of the next `length` bytes. */
  part(length: number): Reader {
    return new Reader(this.take(length));
  }
  private need(length: number): boolean {
    if (length >= 0 && this.at + length <= this.end) return true;
    this.failed = true;
    this.at = this.end;
    return false;
  }
}

/** Bytes that have arrived and are not parsed yet; grows by doubling, gives back what was consumed. */
export class ByteQueue {
  private buffer: Uint8Array = new Uint8Array(0);
  private start = 0;
  private stop = 0;
  /** False while the buffer is the caller's. */
  private owned = false;
  /** Before it there is no line feed, from `start` on. */
  private searched = 0;

  get length(): number {
    return this.stop - this.start;
  }
  /** Valid until the next push. */
  peek(): Uint8Array {
    return this.buffer.subarray(this.start, this.stop);
  }
  push(bytes: Uint8Array): void {
    if (this.length === 0) {
      // The common case: nothing left over, so the caller's bytes serve without a copy.
      this.buffer = bytes;
      this.start = this.searched = 0;
      this.stop = bytes.length;
      this.owned = false;
      return;
    }
    if (!this.owned || this.stop + bytes.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.length + bytes.length, 2 * this.length, 256));
      grown.set(this.peek());
      this.searched = Math.max(0, this.searched - this.start);
      this.stop = this.length;
      this.start = 0;
      this.buffer = grown;
      this.owned = true;
    }
    this.buffer.set(bytes, this.stop);
    this.stop += bytes.length;
  }
  consume(length: number): void {
    this.start = Math.min(this.stop, this.start + length);
  }
  /** Bytes before the first line feed, or -1. A long line that comes in small pieces is looked through once. */
  lineLength(): number {
    const from = Math.max(this.start, this.searched);
    const at = this.buffer.subarray(from, this.stop).indexOf(10);
    this.searched = at < 0 ? this.stop : from + at;
    return at < 0 ? -1 : this.searched - this.start;
  }
  /** Everything that is left; the queue is empty afterwards. */
  drain(): Uint8Array {
    const rest = this.peek();
    this.start = this.stop = this.searched = 0;
    this.buffer = new Uint8Array(0);
    this.owned = false;
    return rest;
  }
}

const none = new Uint8Array(0);

/**
 * Bytes put together from many pieces in one buffer: a piece costs its size, however small it is. Mostly there is one
 * piece only: it is held as it is, not copied.
 */
export class Collected {
  private buffer: Uint8Array = none;
  /** False while the buffer is the caller's. */
  private owned = false;
  length = 0;

  push(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (this.length === 0) {
      this.buffer = bytes;
      this.owned = false;
      this.length = length;
      return;
    }
    if (!this.owned || length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.length));
      this.owned = true;
      grown.set(this.bytes);
      this.buffer = grown;
    }
    this.buffer.set(bytes, this.length);
    this.length = length;
  }
  /** A view; it stays what it is when more comes. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}

/** Index of `needle` in bytes from `from`, or -1. */
export function indexOf(bytes: Uint8Array, needle: readonly number[], from = 0): number {
  const first = needle[0]!;
  for (let i = bytes.indexOf(first, from); i >= 0; i = bytes.indexOf(first, i + 1)) {
    let j = 1;
    while (j < needle.length && bytes[i + j] === needle[j]) j++;
    if (j === needle.length) return i;
  }
  return -1;
}
