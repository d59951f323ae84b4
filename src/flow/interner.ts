// Each distinct run of bytes once: hosts, processes, addresses. What a column holds is the index.
// Bytes become values when somebody looks, so a frame that repeats what is known makes no object.
import { Paged } from './paged.ts';

const pageBits = 16;
const pageSize = 1 << pageBits;
/** Longer keys are the caller's to shorten. */
export const maxKey = 16 * 1024;
const sweepFloor = 4 * 1024 * 1024;
/** What an entry costs besides its bytes: hash, position, length, and two table slots. */
const entryOverhead = 20;
const cachedValues = 4096;
const freed = 0xffffffff;

/** What readers of columns see. */
export interface Interned<T> {
  /** Indices are below it; index 0 is the empty one. */
  readonly size: number;
  /** False where the index is not in use (any more). */
  has(index: number): boolean;
  get(index: number): T;
  /** Counted up when indices are freed, which may then stand for something else. */
  readonly sweeps: number;
}

export class Interner<T> implements Interned<T> {
  sweeps = 0;
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #check: boolean;
  #table = new Uint32Array(64);
  #used = 0;
  /** What was asked for last. */
  #latest = 0;
  #next = 1;
  #free: number[] = [];
  readonly #hashes = new Paged(Uint32Array);
  readonly #positions = new Paged(Uint32Array);
  readonly #lengths = new Paged(Uint32Array);
  #pages: Uint8Array[] = [];
  /** The same pages, for reading four bytes at a time. */
  #views: DataView[] = [];
  /** What keys came in last, and a view of it: a chunk of the stream has many. */
  #source: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#source.buffer);
  /** Where the next key goes, counted over all pages. */
  #end = 0;
  #sweepAt = sweepFloor;
  #cache = new Map<number, T>();

  /** `check`: a new key is decoded at once, so that one that cannot be is refused where it arrives. */
  constructor(decode: (bytes: Uint8Array) => T, check = false) {
    this.#decode = decode;
    this.#check = check;
  }

  get size(): number {
    return this.#next;
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#pages.length * pageSize + this.#used * entryOverhead;
  }

  /** True when it has grown so much that unused entries should go. */
  get wantsSweep(): boolean {
    return this.#end + this.#used * entryOverhead > this.#sweepAt;
  }

  has(index: number): boolean {
    return index === 0 || (index < this.#next && this.#lengths.get(index) !== freed);
  }

  get(index: number): T {
    let value = this.#cache.get(index);
    if (value === undefined) {
      value = this.#decode(this.key(index));
      if (this.#cache.size >= cachedValues) this.#cache.clear();
      this.#cache.set(index, value);
    }
    return value;
  }

  /** A view; do not write to it. */
  key(index: number): Uint8Array {
    if (index === 0 || !this.has(index)) return new Uint8Array(0);
    const at = this.#positions.get(index);
    return this.#pages[at >>> pageBits]!.subarray(
      at & (pageSize - 1),
      (at & (pageSize - 1)) + this.#lengths.get(index),
    );
  }

  /** The index of bytes[start, end), at most maxKey of them; they are copied when they are new. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) return 0;
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    const length = end - start;
    // Neighbouring flows often have the same capture, address or host.
    if (this.#latest !== 0 && this.#equals(this.#latest, view, start, length)) return this.#latest;
    const hash = hashOf(view, start, length);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let index = this.#table[slot]!; index !== 0; index = this.#table[slot]!) {
      if (this.#hashes.get(index) === hash && this.#equals(index, view, start, length)) return (this.#latest = index);
      slot = (slot + 1) & mask;
    }
    return this.#add(bytes, start, end, hash, slot);
  }

  #equals(index: number, view: DataView, at: number, length: number): boolean {
    if (this.#lengths.get(index) !== length) return false;
    const position = this.#positions.get(index);
    const page = this.#views[position >>> pageBits]!;
    const held = position & (pageSize - 1);
    let i = 0;
    for (; i + 4 <= length; i += 4) if (page.getInt32(held + i) !== view.getInt32(at + i)) return false;
    for (; i < length; i++) if (page.getUint8(held + i) !== view.getUint8(at + i)) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    if (end - start > maxKey) throw new RangeError(`a key of ${end - start} bytes is over the limit of ${maxKey}`);
    if (this.#check) this.#decode(bytes.subarray(start, end));
    const index = this.#free.pop() ?? this.#next++;
    this.#hashes.set(index, hash);
    this.#positions.set(index, this.#place(bytes, start, end));
    this.#lengths.set(index, end - start);
    this.#table[slot] = index;
    this.#latest = index;
    if (++this.#used * 2 > this.#table.length) this.#index(this.#table.length * 2);
    return index;
  }

  /** A key never lies across two pages. */
  #place(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if ((this.#end & (pageSize - 1)) + length > pageSize || this.#end === this.#pages.length * pageSize) {
      this.#end = this.#pages.length * pageSize;
      const page = new Uint8Array(pageSize);
      this.#pages.push(page);
      this.#views.push(new DataView(page.buffer));
    }
    const at = this.#end;
    const page = this.#pages[at >>> pageBits]!;
    let to = at & (pageSize - 1);
    for (let i = start; i < end; i++) page[to++] = bytes[i]!;
    this.#end += length;
    return at;
  }

  #index(capacity: number): void {
    this.#table = new Uint32Array(capacity);
    for (let index = 1; index < this.#next; index++) {
      if (this.#lengths.get(index) === freed) continue;
      let slot = this.#hashes.get(index) & (capacity - 1);
      while (this.#table[slot] !== 0) slot = (slot + 1) & (capacity - 1);
      this.#table[slot] = index;
    }
  }

  /** Frees the entries whose `used` is 0; the others keep their index. Freed indices are given out again. */
  sweep(used: Uint8Array): void {
    this.sweeps++;
    const old = this.#pages;
    this.#pages = [];
    this.#views = [];
    this.#end = 0;
    this.#used = 0;
    this.#free = [];
    this.#latest = 0;
    this.#cache.clear();
    for (let index = 1; index < this.#next; index++) {
      const length = this.#lengths.get(index);
      if (length === freed || used[index] === 0) {
        this.#lengths.set(index, freed);
        this.#free.push(index);
        continue;
      }
      const at = this.#positions.get(index);
      const start = at & (pageSize - 1);
      this.#positions.set(index, this.#place(old[at >>> pageBits]!, start, start + length));
      this.#used++;
    }
    let capacity = 64;
    while (capacity < this.#used * 2) capacity *= 2;
    this.#index(capacity);
    this.#sweepAt = Math.max(sweepFloor, 2 * (this.#end + this.#used * entryOverhead));
  }
}

/** Four bytes a step, then mixed so that all bits count in the low ones. */
function hashOf(view: DataView, at: number, length: number): number {
  let h = length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    h = Math.imul(h ^ view.getInt32(at + i), 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (; i < length; i++) h = Math.imul(h ^ view.getUint8(at + i), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return (h ^ (h >>> 16)) >>> 0;
}
