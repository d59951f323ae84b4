// A query over the store's columns: a million rows without making an object of each. Texts are judged once per distinct
// value, not once per row. The meaning is that of match.ts; a test holds the two against each other.
import type { FlowDictionaries } from '../dictionaries.ts';
import type { ExtraColumns } from '../extras.ts';
import type { Interned } from '../interner.ts';
import { closeReasonText, isFailure, type FlowId } from '../model.ts';
import type { CloseReason } from '../../../gen/flow_pb.ts';
import { Flag, type RowGroup, type RowSlice } from '../rows.ts';
import type { Query, Test } from './ast.ts';
import { freeText } from './fields.ts';
import { inRange, textPredicate } from './match.ts';
import { compileSieve, sift } from './sieve.ts';

/** What is needed of a FlowStore. */
export interface Columns {
  slices(): Iterable<RowSlice>;
  readonly dictionaries: FlowDictionaries;
  readonly extras: ExtraColumns;
}

/** Says of row `i` of a group whether it matches. Keep it no longer than the columns stay as they are. */
export type RowTest = (group: RowGroup, i: number) => boolean;

/** Valid until the store changes: dictionary indices may be given out anew. `now`: microseconds since 1970. */
export function compileScan(query: Query, columns: Columns, now: number): RowTest {
  switch (query.kind) {
    case 'all':
      return () => true;
    case 'and':
      return join(query.parts.map((p) => compileScan(p, columns, now)), false); // prettier-ignore
    case 'or':
      return join(query.parts.map((p) => compileScan(p, columns, now)), true); // prettier-ignore
    case 'not': {
      const part = compileScan(query.part, columns, now);
      return (g, i) => !part(g, i);
    }
    case 'term':
      return query.field === freeText.name
        ? anyText(query.test, columns)
        : (numberTest(query.field, query.test, columns, now) ?? textTest(query.field, query.test, columns)!);
  }
}

/** Two at a time, as most queries have: a loop over an array of closures costs more. */
function join(tests: readonly RowTest[], decided: boolean): RowTest {
  return tests.reduce((a, b) => (decided ? (g, i) => a(g, i) || b(g, i) : (g, i) => a(g, i) && b(g, i)));
}

/** Ids of the rows that match, oldest first. */
export function scan(query: Query, columns: Columns, now: number): FlowId[] {
  const sieve = compileSieve(query, (part) => compileScan(part, columns, now));
  return sift(sieve, columns.slices());
}

type RowNumber = (g: RowGroup, i: number) => number;

/** Undefined for fields of text. */
function numberTest(field: string, test: Test, columns: Columns, now: number): RowTest | undefined {
  const value = numberOf(field, columns, now);
  if (!value) return undefined;
  if (test.kind !== 'range') return (g, i) => !Number.isNaN(value(g, i));
  const { from, to, fromOpen, toOpen } = test;
  if (from === to) return (g, i) => value(g, i) === from;
  if (!fromOpen && !toOpen) return (g, i) => value(g, i) >= from && value(g, i) <= to;
  return (g, i) => inRange(test, value(g, i));
}

function numberOf(field: string, { dictionaries, extras }: Columns, now: number): RowNumber | undefined {
  switch (field) {
    case 'port':
      return (g, i) => g.destinationPort[i]!;
    case 'source.port':
      return (g, i) => g.sourcePort[i]!;
    case 'up':
      return (g, i) => g.bytesUp[i]!;
    case 'down':
      return (g, i) => g.bytesDown[i]!;
    case 'bytes':
      return (g, i) => g.bytesUp[i]! + g.bytesDown[i]!;
    case 'start':
      return (g, i) => g.openedAt[i]!;
    case 'age':
      return (g, i) => now - g.openedAt[i]!;
    case 'duration':
      return (g, i) => (g.closedAt[i]! || now) - g.openedAt[i]!;
    case 'dial':
      return (g, i) => (g.connectedAfter[i]! > 0 ? g.connectedAfter[i]! - 1 : NaN);
    case 'status':
      return (g, i) => (extras.status.get(g.extra[i]!) || NaN) - 1;
    case 'pid': {
      const pids = memo(dictionaries.processes, (p) => p.pid);
      return (g, i) => pids(g.process[i]!);
    }
    default:
      return undefined;
  }
}

/** A number per dictionary index, worked out when first asked for. */
function memo<T>(values: Interned<T>, of: (value: T) => number): (index: number) => number {
  const known = new Float64Array(values.size).fill(NaN);
  return (index) => {
    const held = known[index]!;
    return Number.isNaN(held) ? (known[index] = of(values.get(index))) : held;
  };
}

/** A verdict per dictionary index, worked out when first asked for. */
function judged<T>(values: Interned<T>, fits: (value: T) => boolean): (index: number) => boolean {
  const known = new Uint8Array(values.size); // 0: not asked yet, 1: no, 2: yes
  return (index) => (known[index] ||= fits(values.get(index)) ? 2 : 1) === 2;
}

/** Undefined where a field is not of text. */
function textTest(field: string, test: Test, { dictionaries, extras }: Columns): RowTest | undefined {
  const fits = textPredicate(test);
  const { names, addresses, processes, origins } = dictionaries;
  const name = judged(names, (n) => n !== '' && fits(n)); // nothing matches an absent text
  const word = (text: string): boolean => fits(text);
  switch (field) {
    case 'process': {
      const p = judged(processes, (x) => fits(x.name));
      return (g, i) => p(g.process[i]!);
    }
    case 'path': {
      const p = judged(processes, (x) => fits(x.path));
      return (g, i) => p(g.process[i]!);
    }
    case 'command': {
      const p = judged(processes, (x) => fits(x.arguments.join(' ')));
      return (g, i) => p(g.process[i]!);
    }
    case 'parent': {
      const p = judged(processes, (x) => x.ancestors.some((a) => fits(a.name)));
      return (g, i) => p(g.process[i]!);
    }
    case 'host': {
      const host = judged(names, fits);
      const address = judged(addresses, fits);
      return (g, i) => (g.host[i] ? host(g.host[i]) : address(g.destination[i]!));
    }
    case 'address': {
      const address = judged(addresses, fits);
      return (g, i) => address(g.destination[i]!);
    }
    case 'source': {
      const origin = judged(origins, (o) => fits(o.address));
      return (g, i) => origin(g.origin[i]!);
    }
    case 'capture': {
      const origin = judged(origins, (o) => fits(o.capture));
      return (g, i) => origin(g.origin[i]!);
    }
    case 'rule': {
      const origin = judged(origins, (o) => o.rule !== '' && fits(o.rule));
      return (g, i) => origin(g.origin[i]!);
    }
    case 'protocol': {
      const [tcp, udp] = [word('tcp'), word('udp')];
      return (g, i) => (g.flags[i]! & Flag.udp ? udp : tcp) || name(extras.protocol.get(g.extra[i]!));
    }
    case 'summary': {
      // An application without a summary has one: the empty text.
      const empty = word('');
      return (g, i) => {
        const extra = g.extra[i]!;
        const summary = extras.summary.get(extra);
        return summary === 0 ? empty && extras.protocol.get(extra) !== 0 : name(summary);
      };
    }
    case 'method':
      return (g, i) => name(extras.method.get(g.extra[i]!));
    case 'error':
      return (g, i) => name(extras.errorText.get(g.extra[i]!));
    case 'direction': {
      const [inbound, outbound] = [word('inbound'), word('outbound')];
      return (g, i) => (g.flags[i]! & Flag.inbound ? inbound : outbound);
    }
    case 'state': {
      const [open, closed, failed] = [word('open'), word('closed'), word('failed')];
      const failure = reasons((text) => isFailure(text));
      return (g, i) => {
        const ended = (g.flags[i]! & Flag.ended) !== 0;
        return (
          (ended ? closed : open) ||
          (failed && ((ended && failure(g.reason[i]!)) || extras.failed.get(g.extra[i]!) === 1))
        );
      };
    }
    case 'reason': {
      const reason = reasons(fits);
      return (g, i) => (g.flags[i]! & Flag.ended) !== 0 && reason(g.reason[i]!);
    }
    default:
      return undefined;
  }
}

/** By the wire's close reason, of which there are at most 256. */
function reasons(fits: (text: ReturnType<typeof closeReasonText>) => boolean): (reason: number) => boolean {
  const known = Uint8Array.from({ length: 256 }, (_, r) => (fits(closeReasonText(r as CloseReason)) ? 1 : 0));
  return (reason) => known[reason] === 1;
}

function anyText(test: Test, columns: Columns): RowTest {
  const { dictionaries, extras } = columns;
  const fits = textPredicate(test);
  const process = judged(dictionaries.processes, (p) => fits(p.name));
  const host = judged(dictionaries.names, fits); // the empty host counts, as in match.ts
  const address = judged(dictionaries.addresses, fits);
  const name = judged(dictionaries.names, fits);
  const port = memo({ size: 65_536, has: () => true, get: String }, (p) => (fits(p) ? 1 : 0));
  const reason = reasons(fits);
  return (g, i) =>
    process(g.process[i]!) ||
    host(g.host[i]!) ||
    address(g.destination[i]!) ||
    port(g.destinationPort[i]!) === 1 ||
    ((g.flags[i]! & Flag.ended) !== 0 && reason(g.reason[i]!)) ||
    (extras.protocol.get(g.extra[i]!) !== 0 && name(extras.summary.get(g.extra[i]!))) ||
    name(extras.errorText.get(g.extra[i]!));
}
