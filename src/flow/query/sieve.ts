// A query over a group of rows at once: each term goes through its column in one loop and leaves fewer rows for the next.
// A call for every row and term would cost three times as much.
import type { RowGroup, RowSlice } from '../rows.ts';
import { groupRows } from '../rows.ts';
import type { FlowId } from '../model.ts';
import type { Query, Test } from './ast.ts';

/** Of rows[0, count), indices in a group, those that fit move to the front, in order. Returns how many they are. */
export type Sieve = (group: RowGroup, rows: Uint16Array, count: number) => number;
/** A test of one row, for what has no column of its own. */
type RowTest = (group: RowGroup, i: number) => boolean;

type NumberColumn = 'destinationPort' | 'sourcePort' | 'bytesUp' | 'bytesDown' | 'openedAt';
const columns = new Map<string, NumberColumn>([
  ['port', 'destinationPort'],
  ['source.port', 'sourcePort'],
  ['up', 'bytesUp'],
  ['down', 'bytesDown'],
  ['start', 'openedAt'],
]);

/** `test` makes the test of a part that has no column of its own. */
export function compileSieve(query: Query, test: (query: Query) => RowTest): Sieve {
  if (query.kind === 'all') return (_, __, count) => count;
  if (query.kind === 'and') {
    // Numbers first: they are quick, and what they leave out need not be looked at for texts.
    const parts = [...query.parts].sort((a, b) => cost(a) - cost(b)).map((part) => compileSieve(part, test));
    return (group, rows, count) => parts.reduce((left, part) => (left > 0 ? part(group, rows, left) : 0), count);
  }
  const column = columnOf(query);
  if (column && query.kind === 'term' && query.test.kind === 'range') return inColumn(column, query.test);
  const fits = test(query);
  return (group, rows, count) => {
    let left = 0;
    for (let k = 0; k < count; k++) {
      const i = rows[k]!;
      rows[left] = i;
      if (fits(group, i)) left++;
    }
    return left;
  };
}

const columnOf = (query: Query): NumberColumn | undefined =>
  query.kind === 'term' && query.test.kind === 'range' ? columns.get(query.field) : undefined;
const cost = (query: Query): number => (columnOf(query) ? 0 : query.kind === 'term' && query.test.kind === 'range' ? 1 : 2); // prettier-ignore

function inColumn(column: NumberColumn, { from, to, fromOpen, toOpen }: Extract<Test, { kind: 'range' }>): Sieve {
  return (group, rows, count) => {
    const values = group[column];
    let left = 0;
    for (let k = 0; k < count; k++) {
      const i = rows[k]!;
      const value = values[i]!;
      rows[left] = i;
      if (value >= from && value <= to && !(fromOpen && value === from) && !(toOpen && value === to)) left++;
    }
    return left;
  };
}

/** Ids of the rows that pass, in their order. */
export function sift(sieve: Sieve, slices: Iterable<RowSlice>): FlowId[] {
  const rows = new Uint16Array(groupRows);
  const ids: FlowId[] = [];
  for (const { group, from, to } of slices) {
    for (let i = from; i < to; i++) rows[i - from] = i;
    const count = sieve(group, rows, to - from);
    for (let k = 0; k < count; k++) ids.push(group.first + rows[k]!);
  }
  return ids;
}
