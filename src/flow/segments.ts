// Payload as bytes: segments that are filled one after the other, the oldest goes first. One that is full is made
// smaller while nothing waits for it, so that the same memory holds more.

/** Node's Zstandard, where there is one: see node/payloadCodec.ts. */
export interface PayloadCodec {
  /** Runs on another thread. `bytes` stay what they are; the result must not be a part of a larger buffer. */
  readonly compress: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** All `length` bytes again, at once. */
  readonly decompress: (bytes: Uint8Array, length: number) => Uint8Array;
}

/** In bytes: what is looked at is unfolded as a whole, in a quarter of a millisecond. */
const largest = 256 * 1024;
const smallest = 256;
/** Compressed is kept what saves at least this part of a segment: an eighth. */
const worthwhile = 8;
/** Full segments that stay as they are: what has just come is dissected next. */
const untouched = 1;
/**
 * Unfolded ones are kept for the next look, up to this part of the budget: the pieces of flows that went on side by side
 * lie in many segments, and an export takes one flow after the other.
 */
const unfoldedPart = 16;

interface Segment {
  bytes: Uint8Array;
  /** Bytes that are filled. */
  fill: number;
  compressed: boolean;
}

export class Segments {
  /** Numbers of segments are [first, end), counted up for ever. */
  first = 0;
  /** Memory of all, in bytes. What is unfolded for a look comes to it: a sixteenth of the budget at most. */
  bytes = 0;
  readonly #size: number;
  readonly #maxUnfolded: number;
  readonly #codec: PayloadCodec | undefined;
  #segments: Segment[] = [];
  readonly #unfolded = new Map<number, Uint8Array>(); // least recently used first
  /** Numbers below it were tried. */
  #tried = 0;
  #compressing = false;

  /** `budget`: what the caller lets grow, in bytes; segments are a small part of it. */
  constructor(budget: number, codec?: PayloadCodec) {
    this.#size = Math.min(largest, Math.max(smallest, Math.floor(budget / 16)));
    this.#maxUnfolded = Math.max(1, Math.floor(budget / unfoldedPart / this.#size));
    this.#codec = codec;
  }

  get end(): number {
    return this.first + this.#segments.length;
  }

  /** Memory that `length` more bytes would take: 0 where they fit into the last segment. */
  wants(length: number): number {
    const last = this.#segments.at(-1);
    return last && last.fill + length <= last.bytes.length ? 0 : Math.max(length, this.#size);
  }

  /** A copy of bytes[start, end), at the returned place of segment end - 1. */
  write(bytes: Uint8Array, start: number, end: number): number {
    const wanted = this.wants(end - start);
    if (wanted > 0) {
      this.#segments.push({ bytes: new Uint8Array(wanted), fill: 0, compressed: false });
      this.bytes += wanted;
      this.#compress();
    }
    const last = this.#segments.at(-1)!;
    const at = last.fill;
    last.bytes.set(bytes.subarray(start, end), at);
    last.fill += end - start;
    return at;
  }

  /** A view that stays what it is, whatever goes later. */
  read(number: number, at: number, length: number): Uint8Array {
    const segment = this.#segments[number - this.first]!;
    const bytes = segment.compressed ? this.#unfold(number, segment) : segment.bytes;
    return bytes.subarray(at, at + length);
  }

  /** The oldest goes. */
  shift(): void {
    this.bytes -= this.#segments.shift()!.bytes.length;
    this.#unfolded.delete(this.first++);
  }

  /** All of them go, and nothing more is compressed. */
  clear(): void {
    this.first = this.end;
    this.#segments = [];
    this.#unfolded.clear();
    this.bytes = 0;
  }

  #unfold(number: number, { bytes, fill }: Segment): Uint8Array {
    const unfolded = this.#unfolded.get(number) ?? this.#codec!.decompress(bytes, fill);
    this.#unfolded.delete(number);
    this.#unfolded.set(number, unfolded);
    if (this.#unfolded.size > this.#maxUnfolded) this.#unfolded.delete(this.#unfolded.keys().next().value!);
    return unfolded;
  }

  /** One at a time; where more comes than can be compressed, the oldest may go before it is their turn. */
  #compress(): void {
    const number = Math.max(this.#tried, this.first);
    if (!this.#codec || this.#compressing || number >= this.end - 1 - untouched) return;
    const segment = this.#segments[number - this.first]!;
    this.#tried = number + 1;
    this.#compressing = true;
    const done = (): void => {
      this.#compressing = false;
      this.#compress();
    };
    this.#codec.compress(segment.bytes.subarray(0, segment.fill)).then(
      (compressed) => {
        const saved = segment.bytes.length - compressed.length;
        if (number >= this.first && saved * worthwhile >= segment.bytes.length) {
          this.bytes -= saved;
          segment.bytes = compressed;
          segment.compressed = true;
        }
        done();
      },
      done, // it stays as it is
    );
  }
}
