// The columns of all flows, in groups of rows: growing adds a group and copies nothing, and the oldest group
// goes as a whole once its rows are gone.
import type { FlowId } from './model.ts';

const bits = 14;
/** Rows of one group. */
export const groupRows = 1 << bits;
const mask = groupRows - 1;

/** Bits of `flags`. */
export const Flag = {
  udp: 1,
  inbound: 2,
  ended: 4,
  /** In the batch of changes that is being gathered. */
  touched: 8,
  closedInBatch: 16,
  /** A snapshot began and has not named this flow yet. */
  unconfirmed: 32,
  /** Ended as lost with its proxy; a snapshot may still bring it back. */
  revivable: 64,
} as const;

/** One column each; the row of id is at index id - first. 70 bytes a row. */
export interface RowGroup {
  readonly first: FlowId;
  /** Microseconds since 1970. */
  readonly openedAt: Float64Array;
  /** 0 while open. */
  readonly closedAt: Float64Array;
  readonly bytesUp: Float64Array;
  readonly bytesDown: Float64Array;
  /** 0: not connected. Otherwise the microseconds from opened to connected, plus 1; stays at the top from 71 minutes on. */
  readonly connectedAfter: Uint32Array;
  /** The low half of the proxy's id: two live flows would have to be 2^32 flows apart to share it. */
  readonly remote: Uint32Array;
  /** Into the store's processes. */
  readonly process: Uint32Array;
  /** Into the store's origins. */
  readonly origin: Uint32Array;
  /** Into the store's addresses. */
  readonly destination: Uint32Array;
  /** Into the store's names. */
  readonly host: Uint32Array;
  /** The newest piece of payload, see bodies.ts; 0: none. */
  readonly body: Uint32Array;
  /** What few flows have, see extras.ts; 0: nothing. */
  readonly extra: Uint32Array;
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  readonly flags: Uint8Array;
  /** The wire's CloseReason; 0 while open. */
  readonly reason: Uint8Array;
}

function makeGroup(first: FlowId): RowGroup {
  const buffer = new ArrayBuffer(groupRows * 70);
  let at = 0;
  const take = (size: number): number => {
    at += size * groupRows;
    return at - size * groupRows;
  };
  const f64 = (): Float64Array => new Float64Array(buffer, take(8), groupRows);
  const u32 = (): Uint32Array => new Uint32Array(buffer, take(4), groupRows);
  const u16 = (): Uint16Array => new Uint16Array(buffer, take(2), groupRows);
  const u8 = (): Uint8Array => new Uint8Array(buffer, take(1), groupRows);
  return {
    first,
    openedAt: f64(),
    closedAt: f64(),
    bytesUp: f64(),
    bytesDown: f64(),
    connectedAfter: u32(),
    remote: u32(),
    process: u32(),
    origin: u32(),
    destination: u32(),
    host: u32(),
    body: u32(),
    extra: u32(),
    sourcePort: u16(),
    destinationPort: u16(),
    flags: u8(),
    reason: u8(),
  };
}

/** Columns but `first`, for copying a row. */
const columns = Object.keys(makeGroup(0)).filter((k) => k !== 'first') as Exclude<keyof RowGroup, 'first'>[];

/** A part of the rows: indices [from, to) of the group's columns. */
export interface RowSlice {
  readonly group: RowGroup;
  readonly from: number;
  readonly to: number;
}

export class Rows {
  /** Rows are [first, end). Ids count up from 1 and are never used again. */
  first: FlowId = 1;
  end: FlowId = 1;
  /** The id at index 0 of the first group. */
  #base: FlowId = 1;
  readonly #groups: RowGroup[] = [];

  has(id: FlowId): boolean {
    return id >= this.first && id < this.end && Number.isInteger(id);
  }

  /** The group of a row that is there. */
  group(id: FlowId): RowGroup {
    return this.#groups[(id - this.#base) >>> bits]!;
  }

  /** Its index in that group. */
  index(id: FlowId): number {
    return (id - this.#base) & mask;
  }

  /** A row of zeros at the end. */
  append(): FlowId {
    const id = this.end++;
    if ((id - this.#base) >>> bits === this.#groups.length) this.#groups.push(makeGroup(id));
    return id;
  }

  copy(from: FlowId, to: FlowId): void {
    const source = this.group(from);
    const target = this.group(to);
    for (const column of columns) target[column][this.index(to)] = source[column][this.index(from)]!;
  }

  /** Lets the oldest row go. */
  shift(): void {
    this.first++;
    if (this.first - this.#base < groupRows) return;
    this.#groups.shift();
    this.#base += groupRows;
  }

  *slices(): Generator<RowSlice> {
    for (const group of this.#groups) {
      const from = Math.max(0, this.first - group.first);
      const to = Math.min(groupRows, this.end - group.first);
      if (from < to) yield { group, from, to };
    }
  }
}
