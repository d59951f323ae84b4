// A set of row ids that lie close together: one bit each, where a Set would take 30 bytes or more.
import type { FlowId } from './model.ts';

export class IdSet {
  /** The id of bit 0; a multiple of 32. */
  #base: FlowId;
  #words: Uint32Array;

  constructor(ids: readonly FlowId[]) {
    let [low, high] = [ids[0] ?? 0, ids[0] ?? 0];
    for (const id of ids) {
      if (id < low) low = id;
      if (id > high) high = id;
    }
    this.#base = low - (low % 32);
    this.#words = new Uint32Array(ids.length > 0 ? ((high - this.#base) >>> 5) + 1 : 0);
    for (const id of ids) this.add(id);
  }

  has(id: FlowId): boolean {
    const bit = id - this.#base;
    return bit >= 0 && ((this.#words[Math.floor(bit / 32)] ?? 0) & (1 << (bit & 31))) !== 0;
  }
  add(id: FlowId): void {
    if (this.#words.length === 0) this.#base = id - (id % 32);
    if (id < this.#base) this.#grow(id - (id % 32), this.#base + this.#words.length * 32);
    const word = Math.floor((id - this.#base) / 32);
    if (word >= this.#words.length)
      this.#grow(this.#base, this.#base + Math.max(word + 1, this.#words.length * 2) * 32);
    this.#words[word]! |= 1 << ((id - this.#base) & 31);
  }
  /** False where it was not there. */
  delete(id: FlowId): boolean {
    if (!this.has(id)) return false;
    this.#words[Math.floor((id - this.#base) / 32)]! &= ~(1 << ((id - this.#base) & 31));
    return true;
  }

  #grow(base: FlowId, end: FlowId): void {
    const words = new Uint32Array((end - base) / 32);
    words.set(this.#words, (this.#base - base) / 32);
    this.#base = base;
    this.#words = words;
  }
}
