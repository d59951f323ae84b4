// Rows in the order of a column: a number per row, then one sort of numbers. Texts are ranked once per distinct value.
// Numbers are sorted by their digits (LSD radix sort), which takes a tenth of the time that comparing them takes.
import type { Interned } from './interner.ts';
import { closeReasonText, isFailure, type FlowId } from './model.ts';
import type { CloseReason } from '../../gen/flow_pb.ts';
import type { Columns } from './query/scan.ts';
import { Flag, type RowGroup } from './rows.ts';

export const sortColumns = [
  'process',
  'host',
  'port',
  'protocol',
  'summary',
  'state',
  'reason',
  'up',
  'down',
  'duration',
  'start',
] as const;
export type SortColumn = (typeof sortColumns)[number];

type Key = (g: RowGroup, i: number) => number;
/** A column as numbers: they are its order, or they are codes of texts that still have to be ranked. */
interface Keys {
  readonly of: Key;
  readonly texts?: Texts;
}
/** Texts by code. */
interface Texts {
  readonly count: number;
  readonly text: (code: number) => string;
  /** Added to twice the rank of a row: what tells rows apart whose text is the same. */
  readonly minor?: Key;
}

/** How much is done between two yields: some milliseconds of work. */
const rowsPerStep = 1 << 18;
const textsPerStep = 1 << 13;
/** Fewer rows are sorted by comparing: counting digits has a fixed cost. */
const fewRows = 4096;

/** Ascending; rows that are alike stay in the order of their ids. `ids` may be in any order. */
export function sortIds(ids: readonly FlowId[], column: SortColumn, columns: Columns, now: number): FlowId[] {
  const steps = sortSteps(ids, column, columns, now);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * The same in steps of a few milliseconds, so that a million rows do not stop everything else. Rows that change
 * meanwhile may have to be sorted again.
 */
export function* sortSteps(
  ids: readonly FlowId[],
  column: SortColumn,
  columns: Columns,
  now: number,
): Generator<void, FlowId[]> {
  const wanted = ascending(ids);
  const count = wanted.length;
  const values = new Float64Array(count);
  const { of, texts } = keysOf(column, columns, now);
  const minors = texts?.minor && new Uint8Array(count);
  let at = 0;
  // A group that is evicted meanwhile is no longer among the slices, but it still is what it was.
  const groups = [...columns.slices()];
  for (const { group, from, to } of groups) {
    while (at < count && wanted[at]! < group.first + from) at++;
    for (; at < count && wanted[at]! < group.first + to; at++) {
      const i = wanted[at]! - group.first;
      values[at] = of(group, i);
      if (minors) minors[at] = texts.minor(group, i);
    }
    yield;
  }
  if (texts) {
    const rank = yield* rankUsed(values, texts);
    for (let i = 0; i < count; i++) values[i] = rank[values[i]!]! * 2 + (minors?.[i] ?? 0);
  }
  const order = count < fewRows ? compared(values) : yield* byDigits(values);
  const sorted: FlowId[] = [];
  for (const row of order) sorted.push(wanted[row]!);
  return sorted;
}

function ascending(ids: readonly FlowId[]): Float64Array {
  const list = new Float64Array(ids);
  for (let i = 1; i < list.length; i++) if (list[i]! < list[i - 1]!) return list.sort();
  return list;
}

const compared = (values: Float64Array): Uint32Array =>
  Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);

/** Radix sort from the least digit of 16 bits; digits that all values share are passed over. Stable. */
function* byDigits(values: Float64Array): Generator<void, Uint32Array> {
  const count = values.length;
  // The bits of a double order like an integer, once the sign is turned round and negative ones are inverted.
  const digits = new Uint16Array(values.buffer, values.byteOffset, count * 4);
  for (let i = 0; i < count; i++) {
    if (values[i] === 0) values[i] = 0; // -0 is 0
    const negative = digits[i * 4 + 3]! & 0x8000;
    digits[i * 4 + 3]! ^= negative ? 0xffff : 0x8000;
    if (negative) for (let d = 0; d < 3; d++) digits[i * 4 + d]! ^= 0xffff;
  }
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  let other = new Uint32Array(count);
  const starts = new Uint32Array(1 << 16);
  for (let digit = 0; digit < 4; digit++) {
    starts.fill(0);
    for (let i = digit; i < digits.length; i += 4) starts[digits[i]!]!++;
    if (starts[digits[digit]!] === count) continue;
    let next = 0;
    for (let d = 0; d < starts.length; d++) {
      const size = starts[d]!;
      starts[d] = next;
      next += size;
    }
    for (let i = 0; i < count; i++) {
      const row = order[i]!;
      other[starts[digits[row * 4 + digit]!]!++] = row;
      if (i % rowsPerStep === rowsPerStep - 1) yield;
    }
    [order, other] = [other, order];
    yield;
  }
  return order;
}

/** By code, the place of each text that is used among all of them; texts that are alike share one. */
function* rankUsed(codes: Float64Array, { count, text }: Texts): Generator<void, Uint32Array> {
  const rank = new Uint32Array(count);
  for (let i = 0; i < codes.length; i++) rank[codes[i]!] = 1;
  yield;
  const used: number[] = [];
  const lower: string[] = [];
  for (let code = 0; code < count; code++) {
    if (rank[code] === 0) continue;
    used.push(code);
    lower.push(text(code).toLowerCase());
    if (used.length % textsPerStep === 0) yield;
  }
  // Merge sort, of which each step sorts or merges some thousand texts.
  let order = new Uint32Array(used.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let from = 0; from < order.length; from += textsPerStep) {
    order.subarray(from, from + textsPerStep).sort((a, b) => (lower[a]! < lower[b]! ? -1 : lower[a]! > lower[b]! ? 1 : 0)); // prettier-ignore
    yield;
  }
  let other = new Uint32Array(order.length);
  for (let width = textsPerStep; width < order.length; width *= 2) {
    for (let from = 0; from < order.length; from += 2 * width) {
      const [middle, end] = [Math.min(from + width, order.length), Math.min(from + 2 * width, order.length)];
      let [a, b] = [from, middle];
      for (let to = from; to < end; to++) {
        other[to] = a < middle && (b >= end || lower[order[a]!]! <= lower[order[b]!]!) ? order[a++]! : order[b++]!;
        if ((to & (textsPerStep - 1)) === 0) yield;
      }
    }
    [order, other] = [other, order];
  }
  let place = 0;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && lower[order[i]!] !== lower[order[i - 1]!]) place++;
    rank[used[order[i]!]!] = place;
  }
  return rank;
}

function keysOf(column: SortColumn, { dictionaries, extras }: Columns, now: number): Keys {
  const { names, addresses, processes } = dictionaries;
  const name = textsOf(names, (n) => n);
  switch (column) {
    case 'start':
      return { of: (g, i) => g.openedAt[i]! };
    case 'up':
      return { of: (g, i) => g.bytesUp[i]! };
    case 'down':
      return { of: (g, i) => g.bytesDown[i]! };
    case 'duration':
      return { of: (g, i) => (g.closedAt[i]! || now) - g.openedAt[i]! };
    case 'port':
      return { of: (g, i) => g.destinationPort[i]! };
    case 'state': {
      // Open, closed, failed: as the column says it.
      const failure = Uint8Array.from({ length: 256 }, (_, r) => (isFailure(closeReasonText(r as CloseReason)) ? 1 : 0)); // prettier-ignore
      const failed = (g: RowGroup, i: number): boolean =>
        (g.flags[i]! & Flag.ended && failure[g.reason[i]!] === 1) || extras.failed.get(g.extra[i]!) === 1;
      return { of: (g, i) => (failed(g, i) ? 2 : g.flags[i]! & Flag.ended ? 1 : 0) };
    }
    case 'reason': {
      // Code 0 is that of flows that are open.
      const text = (code: number): string => (code === 0 ? '' : closeReasonText((code - 1) as CloseReason));
      return { of: (g, i) => (g.flags[i]! & Flag.ended ? g.reason[i]! + 1 : 0), texts: { count: 257, text } };
    }
    case 'process':
      return { of: (g, i) => g.process[i]!, texts: textsOf(processes, (p) => p.name) };
    case 'host': {
      // Hosts and bare addresses are one column: ranked together.
      const split = names.size;
      const address = textsOf(addresses, (a) => a);
      const text = (code: number): string => (code < split ? name.text(code) : address.text(code - split));
      return { of: (g, i) => g.host[i]! || split + g.destination[i]!, texts: { count: split + addresses.size, text } };
    }
    case 'protocol': {
      const minor: Key = (g, i) => (g.flags[i]! & Flag.udp ? 1 : 0);
      return { of: (g, i) => extras.protocol.get(g.extra[i]!), texts: { ...name, minor } };
    }
    case 'summary':
      return { of: (g, i) => extras.summary.get(g.extra[i]!), texts: name };
  }
}

/** An index that has gone out of use since the columns were read is an empty text: its row has changed, and is sorted anew. */
const textsOf = <T>(interned: Interned<T>, text: (value: T) => string): Texts => ({
  count: interned.size,
  text: (code) => (interned.has(code) ? text(interned.get(code)) : ''),
});
