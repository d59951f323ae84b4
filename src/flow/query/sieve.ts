// A query over a group of rows at once: each term goes through its column in one loop and leaves fewer rows for the next.
// A call for every row and term would cost three times as much.
import type { RowGroup } from '../rows.ts';
import type { Query, Test } from './ast.ts';
import type { Meter } from './meter.ts';

/**
 * Of rows[0, count), indices in a group, those that fit move to the front, in order. Returns how many they are. Once the
 * meter has nothing left, each term judges one more row and stops; the meter's `next` says where.
 */
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
export function compileSieve(query: Query, test: (query: Query) => RowTest, meter: Meter): Sieve {
  if (query.kind === 'all') return (_, __, count) => count;
  if (query.kind === 'and') {
    // Numbers first: they are quick, and what they leave out need not be looked at for texts.
    const parts = [...query.parts].sort((a, b) => cost(a) - cost(b)).map((part) => compileSieve(part, test, meter));
    return (group, rows, count) => parts.reduce((left, part) => (left > 0 ? part(group, rows, left) : 0), count);
  }
  const column = columnOf(query);
  if (column && query.kind === 'term' && query.test.kind === 'range') return inColumn(column, query.test, meter);
  const fits = test(query);
  const work = terms(query);
  return (group, rows, count) => {
    let left = 0;
    for (let k = 0; k < count; k++) {
      const i = rows[k]!;
      rows[left] = i;
      if (fits(group, i)) left++;
      if ((meter.left -= work) <= 0 && k + 1 < count) {
        meter.next = rows[k + 1]!;
        break;
      }
    }
    return left;
  };
}

/** Each row may have to be asked for so many. */
function terms(query: Query): number {
  if (query.kind === 'not') return terms(query.part);
  return query.kind === 'and' || query.kind === 'or' ? query.parts.reduce((n, part) => n + terms(part), 0) : 1;
}

const columnOf = (query: Query): NumberColumn | undefined =>
  query.kind === 'term' && query.test.kind === 'range' ? columns.get(query.field) : undefined;
const cost = (query: Query): number => (columnOf(query) ? 0 : query.kind === 'term' && query.test.kind === 'range' ? 1 : 2); // prettier-ignore

/** A group's worth of numbers is so quick that it is not broken off. */
function inColumn(
  column: NumberColumn,
  { from, to, fromOpen, toOpen }: Extract<Test, { kind: 'range' }>,
  meter: Meter,
): Sieve {
  return (group, rows, count) => {
    meter.left -= count / 4;
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
