// What only some flows have: datagram counts, an error, what a dissector found. Numbered from 1.
import { Paged } from './paged.ts';

export class Extras {
  readonly datagramsUp = new Paged(Float64Array);
  readonly datagramsDown = new Paged(Float64Array);
  /** errno; 0: none. */
  readonly error = new Paged(Int32Array);
  /** Into the store's names, like the two below. */
  readonly errorText = new Paged(Uint32Array);
  readonly protocol = new Paged(Uint32Array);
  readonly summary = new Paged(Uint32Array);
  /** The columns that are indices into names. */
  readonly names = [this.errorText, this.protocol, this.summary] as const;
  #next = 0;
  readonly #free: number[] = [];

  constructor() {
    this.add(); // index 0: what a flow without any has
  }

  add(): number {
    const index = this.#free.pop() ?? this.#next++;
    this.datagramsUp.set(index, 0);
    this.datagramsDown.set(index, 0);
    this.error.set(index, 0);
    this.errorText.set(index, 0);
    this.protocol.set(index, 0);
    this.summary.set(index, 0);
    return index;
  }

  remove(index: number): void {
    if (index !== 0) this.#free.push(index);
  }
}
