// What only some flows have: datagram counts, an error, what a dissector found. Numbered from 1.
import { Paged } from './paged.ts';

/** For readers of columns; index 0 is what a flow without any has. */
export type ExtraColumns = Pick<
  Extras,
  'error' | 'errorText' | 'protocol' | 'summary' | 'method' | 'status' | 'failed'
>;

export class Extras {
  readonly datagramsUp = new Paged(Float64Array);
  readonly datagramsDown = new Paged(Float64Array);
  /** errno; 0: none. */
  readonly error = new Paged(Int32Array);
  /** Into the store's names, like the three below. */
  readonly errorText = new Paged(Uint32Array);
  readonly protocol = new Paged(Uint32Array);
  readonly summary = new Paged(Uint32Array);
  readonly method = new Paged(Uint32Array);
  /** The columns that are indices into names. */
  readonly names = [this.errorText, this.protocol, this.summary, this.method] as const;
  /** HTTP status or the protocol's own number, plus 1; 0: none. */
  readonly status = new Paged(Uint32Array);
  /** 1: the payload shows a failure. */
  readonly failed = new Paged(Uint8Array);
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
    this.method.set(index, 0);
    this.status.set(index, 0);
    this.failed.set(index, 0);
    return index;
  }

  remove(index: number): void {
    if (index !== 0) this.#free.push(index);
  }
}
