// Which row a proxy's flow id means, for the live flows of one source: an open-addressing table of row numbers.
// The ids themselves are in the rows, so a live flow costs 8 bytes or so here.
import type { FlowId } from './model.ts';
import type { Rows } from './rows.ts';

export class LiveIndex {
  readonly #rows: Rows;
  /** Row id - origin, at least 1; 0 is an empty slot. */
  #table = new Uint32Array(16);
  #count = 0;
  #origin: number;

  constructor(rows: Rows) {
    this.#rows = rows;
    this.#origin = rows.first - 1;
  }

  /** The row, or 0. */
  get(remote: number): FlowId {
    const value = this.#table[this.#slot(remote)]!;
    return value === 0 ? 0 : value + this.#origin;
  }

  set(remote: number, id: FlowId): void {
    if (id - this.#origin > 0xffffffff) this.#rebuild(this.#table.length, this.#rows.first - 1);
    const slot = this.#slot(remote);
    const fresh = this.#table[slot] === 0;
    this.#table[slot] = id - this.#origin;
    if (fresh && ++this.#count * 2 > this.#table.length) this.#rebuild(this.#table.length * 2, this.#origin);
  }

  /** Must be called while the row is there. Closes the gap, so that probing never meets a dead slot. */
  delete(remote: number): void {
    const mask = this.#table.length - 1;
    let gap = this.#slot(remote);
    if (this.#table[gap] === 0) return;
    this.#count--;
    for (let slot = (gap + 1) & mask; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hash(this.#remoteAt(slot)) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      this.#table[gap] = this.#table[slot]!;
      gap = slot;
    }
    this.#table[gap] = 0;
    if (this.#table.length > 1024 && this.#count * 8 < this.#table.length)
      this.#rebuild(this.#table.length / 2, this.#origin);
  }

  /** All rows, as they are now. */
  ids(): FlowId[] {
    const ids: FlowId[] = [];
    for (const value of this.#table) if (value !== 0) ids.push(value + this.#origin);
    return ids.sort((a, b) => a - b);
  }

  #remoteAt(slot: number): number {
    const id = this.#table[slot]! + this.#origin;
    return this.#rows.group(id).remote[this.#rows.index(id)]!;
  }

  /** Where `remote` is, or would go. */
  #slot(remote: number): number {
    const mask = this.#table.length - 1;
    let slot = hash(remote) & mask;
    while (this.#table[slot] !== 0 && this.#remoteAt(slot) !== remote) slot = (slot + 1) & mask;
    return slot;
  }

  #rebuild(capacity: number, origin: number): void {
    const former = this.#table;
    const shift = this.#origin - origin;
    this.#table = new Uint32Array(capacity);
    this.#origin = origin;
    for (const value of former) {
      if (value === 0) continue;
      const id = value + shift + origin;
      const remote = this.#rows.group(id).remote[this.#rows.index(id)]!;
      this.#table[this.#slot(remote)] = id - origin;
    }
  }
}

/** Ids mostly count up; mixing keeps ids that count in other steps from meeting in one place. */
function hash(remote: number): number {
  const h = Math.imul(remote, 0x9e3779b1);
  return h ^ (h >>> 15);
}
