// Collects the body of one HTTP message (RFC 9112 section 6): by length, in chunks, or until the connection ends.
import { Collected, latin1Text, type ByteQueue } from './bytes.ts';
import type { Body, HeaderField } from './dissection.ts';

/** Kept of one body; what is beyond is counted. */
export const maxBodyBytes = 1 << 20;
const maxChunkLine = 1024;

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; state: 'size' | 'data' | 'data end' | 'trailers'; left: number }
  | { readonly kind: 'until close' };

export const header = (headers: readonly HeaderField[], name: string): string | undefined =>
  headers.find(([n]) => n.toLowerCase() === name)?.[1];

/** Which framing the headers announce; undefined where they contradict each other so that no reader could agree. */
export function framingOf(headers: readonly HeaderField[], otherwise: 'none' | 'until close'): Framing | undefined {
  const codings = headers.filter(([n]) => n.toLowerCase() === 'transfer-encoding').map(([, v]) => v.toLowerCase());
  if (codings.length > 0)
    return /(^|,)\s*chunked\s*$/.test(codings.join(','))
      ? { kind: 'chunked', state: 'size', left: 0 }
      : { kind: 'until close' };
  const lengths = new Set(headers.filter(([n]) => n.toLowerCase() === 'content-length').map(([, v]) => v.trim()));
  if (lengths.size === 0) return { kind: otherwise };
  const [length] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length!)) return undefined;
  return Number(length) === 0 ? { kind: 'none' } : { kind: 'length', left: Number(length) };
}

/** A body while it arrives, and afterwards. */
export class BodyCollector implements Body {
  readonly framing: Framing;
  readonly trailers: HeaderField[] = [];
  complete: boolean;
  /** True where the bytes could not be chunks: the rest of the direction cannot be read. */
  broken = false;
  private readonly headers: readonly HeaderField[];
  private readonly kept = new Collected();
  length = 0;
  private missing = false;

  constructor(framing: Framing, headers: readonly HeaderField[]) {
    this.framing = framing;
    this.headers = headers;
    this.complete = framing.kind === 'none';
  }

  /** Takes what belongs to this body out of the queue. */
  take(queue: ByteQueue): void {
    while (queue.length > 0 && !this.complete && !this.broken) {
      const before = queue.length;
      this.step(queue);
      if (queue.length === before && !this.complete) return; // an unfinished chunk line: more bytes are needed
    }
  }

  /** `length` bytes were not seen. Returns how many of them lie beyond this body. */
  gap(length: number): number {
    const f = this.framing;
    this.missing = true;
    if (f.kind === 'until close') {
      this.length += length;
      return 0;
    }
    if (f.kind === 'none' || (f.kind === 'chunked' && f.state !== 'data')) return length;
    const inside = Math.min(length, f.left);
    this.count(inside);
    return length - inside;
  }

  end(): void {
    if (this.framing.kind === 'until close') this.complete = true;
    else if (!this.complete) this.missing = true;
  }

  get bytes(): Uint8Array {
    return this.kept.bytes;
  }
  get truncated(): boolean {
    return this.missing || this.kept.length < this.length;
  }
  get contentEncoding(): string {
    return header(this.headers, 'content-encoding')?.trim().toLowerCase() ?? '';
  }
  get contentType(): string {
    return header(this.headers, 'content-type') ?? '';
  }

  private step(queue: ByteQueue): void {
    const f = this.framing;
    if (f.kind === 'until close') return this.keep(queue, queue.length);
    if (f.kind === 'length') return this.keep(queue, Math.min(queue.length, f.left));
    if (f.kind !== 'chunked') return;
    if (f.state === 'data') return this.keep(queue, Math.min(queue.length, f.left));
    const line = takeLine(queue);
    if (line === undefined) {
      this.broken = queue.length > maxChunkLine;
      return;
    }
    if (f.state === 'data end') f.state = 'size';
    else if (f.state === 'size') this.chunkSize(f, line);
    else if (line === '') this.complete = true;
    else if (this.trailers.length < 100) this.trailers.push(fieldOf(line));
  }

  private chunkSize(f: Extract<Framing, { kind: 'chunked' }>, line: string): void {
    const size = /^[0-9a-f]{1,12}(?=\s*(;|$))/i.exec(line);
    if (!size) {
      this.broken = true;
      return;
    }
    f.left = Number.parseInt(size[0], 16);
    f.state = f.left === 0 ? 'trailers' : 'data';
  }

  private keep(queue: ByteQueue, length: number): void {
    const room = Math.min(length, maxBodyBytes - this.kept.length);
    if (room > 0) this.kept.push(queue.peek().subarray(0, room));
    queue.consume(length);
    this.count(length);
  }

  private count(length: number): void {
    this.length += length;
    const f = this.framing;
    if (f.kind === 'length' || f.kind === 'chunked') {
      f.left -= length;
      if (f.left > 0) return;
      if (f.kind === 'length') this.complete = true;
      else f.state = 'data end';
    }
  }
}

/** One line without its CRLF (a bare LF is accepted, RFC 9112 section 2.2), or undefined while it is not whole. */
export function takeLine(queue: ByteQueue): string | undefined {
  const end = queue.lineLength();
  if (end < 0) return undefined;
  const bytes = queue.peek();
  const line = latin1Text(bytes.subarray(0, end > 0 && bytes[end - 1] === 13 ? end - 1 : end));
  queue.consume(end + 1);
  return line;
}

export function fieldOf(line: string): HeaderField {
  const colon = line.indexOf(':');
  return colon < 0 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}
