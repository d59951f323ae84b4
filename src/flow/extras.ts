// What only some flows have: datagram counts, an error, what a dissector found, how a captured connection's segments
// came. Numbered from 1.
import { SparsePaged } from './paged.ts';

/** For readers of columns; index 0 is what a flow without any has. */
export type ExtraColumns = Pick<
  Extras,
  'error' | 'errorText' | 'protocol' | 'summary' | 'method' | 'status' | 'failed'
>;

export class Extras {
  readonly datagramsUp = new SparsePaged(Float64Array);
  readonly datagramsDown = new SparsePaged(Float64Array);
  /** errno; 0: none. */
  readonly error = new SparsePaged(Int32Array);
  /** Into the store's names, like the three below. */
  readonly errorText = new SparsePaged(Uint32Array);
  readonly protocol = new SparsePaged(Uint32Array);
  readonly summary = new SparsePaged(Uint32Array);
  readonly method = new SparsePaged(Uint32Array);
  /** The columns that are indices into names. */
  readonly names = [this.errorText, this.protocol, this.summary, this.method] as const;
  /** HTTP status or the protocol's own number, plus 1; 0: none. */
  readonly status = new SparsePaged(Uint32Array);
  /** 1: the payload shows a failure. */
  readonly failed = new SparsePaged(Uint8Array);
  /** What a rule did not let through, see FlowLost. */
  readonly lostDatagramsUp = new SparsePaged(Float64Array);
  readonly lostDatagramsDown = new SparsePaged(Float64Array);
  readonly lostBytesUp = new SparsePaged(Float64Array);
  readonly lostBytesDown = new SparsePaged(Float64Array);
  /** Segments, see FlowSegments; of capture files only. */
  readonly retransmitted = new SparsePaged(Uint32Array);
  readonly reordered = new SparsePaged(Uint32Array);
  readonly overlapping = new SparsePaged(Uint32Array);
  readonly missing = new SparsePaged(Float64Array);
  readonly #all: readonly SparsePaged[] = Object.values(this).filter((v) => v instanceof SparsePaged);
  #next = 1; // index 0: what a flow without any has
  readonly #free: number[] = [];

  add(): number {
    return this.#free.pop() ?? this.#next++;
  }

  /** Its values are 0 again. */
  remove(index: number): void {
    if (index === 0) return;
    for (const column of this.#all) column.set(index, 0);
    this.#free.push(index);
  }
}
