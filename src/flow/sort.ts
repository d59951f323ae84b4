// Rows in the order of a column: a number per row, then one sort of numbers. Texts are ranked once per distinct value.
import type { Interned } from './interner.ts';
import { closeReasonText, type FlowId } from './model.ts';
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

/** Ascending; rows that are alike stay in the order of their ids. `ids` may be in any order. */
export function sortIds(ids: readonly FlowId[], column: SortColumn, columns: Columns, now: number): FlowId[] {
  const key = keyOf(column, columns, now);
  const wanted = Float64Array.from(ids).sort();
  const values = new Float64Array(wanted.length);
  let at = 0;
  for (const { group, from, to } of columns.slices()) {
    while (at < wanted.length && wanted[at]! < group.first + from) at++;
    for (; at < wanted.length && wanted[at]! < group.first + to; at++)
      values[at] = key(group, wanted[at]! - group.first);
  }
  const order = Uint32Array.from(wanted, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  return Array.from(order, (i) => wanted[i]!);
}

function keyOf(column: SortColumn, { dictionaries, extras }: Columns, now: number): Key {
  const { names, addresses, processes } = dictionaries;
  switch (column) {
    case 'start':
      return (g, i) => g.openedAt[i]!;
    case 'up':
      return (g, i) => g.bytesUp[i]!;
    case 'down':
      return (g, i) => g.bytesDown[i]!;
    case 'duration':
      return (g, i) => (g.closedAt[i]! || now) - g.openedAt[i]!;
    case 'port':
      return (g, i) => g.destinationPort[i]!;
    case 'state':
      return (g, i) => (g.flags[i]! & Flag.ended ? 1 : 0);
    case 'reason': {
      const rank = ranks(256, (r) => closeReasonText(r as CloseReason));
      return (g, i) => (g.flags[i]! & Flag.ended ? rank[g.reason[i]!]! : -1);
    }
    case 'process': {
      const rank = rankOf(processes, (p) => p.name);
      return (g, i) => rank[g.process[i]!]!;
    }
    case 'host': {
      // Hosts and bare addresses are one column: ranked together.
      const texts = [...values(names, (n) => n), ...values(addresses, (a) => a)];
      const rank = ranks(texts.length, (i) => texts[i]!);
      const split = names.size;
      return (g, i) => rank[g.host[i]! || split + g.destination[i]!]!;
    }
    case 'protocol': {
      const rank = rankOf(names, (n) => n);
      return (g, i) => rank[extras.protocol.get(g.extra[i]!)]! * 2 + (g.flags[i]! & Flag.udp ? 1 : 0);
    }
    case 'summary': {
      const rank = rankOf(names, (n) => n);
      return (g, i) => rank[extras.summary.get(g.extra[i]!)]!;
    }
  }
}

const values = <T>(interned: Interned<T>, text: (value: T) => string): string[] =>
  Array.from({ length: interned.size }, (_, index) => (interned.has(index) ? text(interned.get(index)) : ''));
const rankOf = <T>(interned: Interned<T>, text: (value: T) => string): Uint32Array => {
  const texts = values(interned, text);
  return ranks(texts.length, (i) => texts[i]!);
};

/** The place of each text among all; texts that are alike share one. */
function ranks(count: number, text: (index: number) => string): Uint32Array {
  const lower = Array.from({ length: count }, (_, i) => text(i).toLowerCase());
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) =>
    lower[a]! < lower[b]! ? -1 : lower[a]! > lower[b]! ? 1 : 0,
  );
  const rank = new Uint32Array(count);
  let place = 0;
  order.forEach((index, i) => {
    if (i > 0 && lower[index] !== lower[order[i - 1]!]) place++;
    rank[index] = place;
  });
  return rank;
}
