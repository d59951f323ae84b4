// A query over the store's columns: a million rows without making an object of each. Texts are judged once per distinct
// value, not once per row. The meaning is that of match.ts; a test holds the two against each other.
import type { FlowDictionaries } from '../dictionaries.ts';
import type { ExtraColumns } from '../extras.ts';
import type { Interned } from '../interner.ts';
import { closeReasonText, isFailure } from '../model.ts';
import type { CloseReason } from '../../../gen/flow_pb.ts';
import { Flag, type RowGroup, type RowSlice } from '../rows.ts';
import type { Query, Test } from './ast.ts';
import { freeText } from './fields.ts';
import { inRange, metered } from './match.ts';
import { decodeWork, type Meter } from './meter.ts';

/** What is needed of a FlowStore. */
export interface Columns {
  slices(): Iterable<RowSlice>;
  readonly dictionaries: FlowDictionaries;
  readonly extras: ExtraColumns;
}

/** Says of row `i` of a group whether it matches. Keep it no longer than indices of dictionaries stay what they are. */
export type RowTest = (group: RowGroup, i: number) => boolean;

/** What a compiled query reads while it runs. */
export interface ScanContext extends Meter {
  /** Microseconds since 1970. */
  now: number;
  /** Bytes that may still be taken to remember verdicts. */
  room: number;
}

/** A query has up to two thousand terms, and each may be asked of a million texts. */
const verdictRoom = 128 * 1024 * 1024;

export const makeContext = (now: number, work = Infinity): ScanContext => ({ left: work, next: -1, now, room: verdictRoom }); // prettier-ignore

/** Valid until a dictionary is swept: indices may then be given out anew. */
export function compileScan(query: Query, columns: Columns, context: ScanContext): RowTest {
  switch (query.kind) {
    case 'all':
      return () => true;
    case 'and':
      return join(query.parts.map((p) => compileScan(p, columns, context)), false); // prettier-ignore
    case 'or':
      return join(query.parts.map((p) => compileScan(p, columns, context)), true); // prettier-ignore
    case 'not': {
      const part = compileScan(query.part, columns, context);
      return (g, i) => !part(g, i);
    }
    case 'term':
      return query.field === freeText.name
        ? anyText(query.test, columns, context)
        : (numberTest(query.field, query.test, columns, context) ?? textTest(query.field, query.test, columns, context)!); // prettier-ignore
  }
}

/** Two at a time, as most queries have: a loop over an array of closures costs more. */
function join(tests: readonly RowTest[], decided: boolean): RowTest {
  return tests.reduce((a, b) => (decided ? (g, i) => a(g, i) || b(g, i) : (g, i) => a(g, i) && b(g, i)));
}

type RowNumber = (g: RowGroup, i: number) => number;

/** Undefined for fields of text. */
function numberTest(field: string, test: Test, columns: Columns, context: ScanContext): RowTest | undefined {
  const value = numberOf(field, columns, context);
  if (!value) return undefined;
  if (test.kind !== 'range') return (g, i) => !Number.isNaN(value(g, i));
  const { from, to, fromOpen, toOpen } = test;
  if (from === to) return (g, i) => value(g, i) === from;
  if (!fromOpen && !toOpen) return (g, i) => value(g, i) >= from && value(g, i) <= to;
  return (g, i) => inRange(test, value(g, i));
}

function numberOf(field: string, { dictionaries, extras }: Columns, context: ScanContext): RowNumber | undefined {
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
      return (g, i) => context.now - g.openedAt[i]!;
    case 'duration':
      return (g, i) => (g.closedAt[i]! || context.now) - g.openedAt[i]!;
    case 'dial':
      return (g, i) => (g.connectedAfter[i]! > 0 ? g.connectedAfter[i]! - 1 : NaN);
    case 'status':
      return (g, i) => (extras.status.get(g.extra[i]!) || NaN) - 1;
    case 'pid': {
      const pids = memo(dictionaries.processes, context, (p) => p.pid);
      return (g, i) => pids(g.process[i]!);
    }
    default:
      return undefined;
  }
}

/** A number per dictionary index, worked out when first asked for. */
function memo<T>(
  values: Pick<Interned<T>, 'size' | 'get'>,
  context: ScanContext,
  of: (value: T) => number,
): (index: number) => number {
  let known = new Float64Array(0);
  return (index) => {
    const held = known[index];
    if (held !== undefined && !Number.isNaN(held)) return held;
    context.left -= decodeWork;
    const value = of(values.get(index));
    if (index >= known.length) known = grown(known, new Float64Array(wanted(known, values.size, context)).fill(NaN));
    return (known[index] = value); // outside the array it is not remembered
  };
}

/** A verdict per dictionary index, worked out when first asked for. */
function judged<T>(
  values: Pick<Interned<T>, 'size' | 'get'>,
  context: ScanContext,
  fits: (value: T) => boolean,
): (index: number) => boolean {
  let known = new Uint8Array(0); // 0: not asked yet, 1: no, 2: yes
  return (index) => {
    const held = known[index];
    if (held) return held === 2;
    context.left -= decodeWork;
    const verdict = fits(values.get(index));
    if (index >= known.length) known = grown(known, new Uint8Array(wanted(known, values.size, context)));
    known[index] = verdict ? 2 : 1; // outside the array it is not remembered
    return verdict;
  };
}

/** How many to remember where there are `size`: with some to spare, or no more than before where room has run out. */
function wanted(known: Float64Array | Uint8Array, size: number, context: ScanContext): number {
  const length = Math.max(size, Math.ceil(known.length * 1.5));
  const bytes = (length - known.length) * known.BYTES_PER_ELEMENT;
  if (bytes > context.room) return known.length;
  context.room -= bytes;
  return length;
}

function grown<A extends Float64Array | Uint8Array>(known: A, larger: A): A {
  if (larger.length === known.length) return known;
  larger.set(known);
  return larger;
}

/** Undefined where a field is not of text. */
function textTest(
  field: string,
  test: Test,
  { dictionaries, extras }: Columns,
  context: ScanContext,
): RowTest | undefined {
  const fits = metered(test, context);
  const { names, addresses, processes, origins } = dictionaries;
  const name = judged(names, context, (n) => n !== '' && fits(n)); // nothing matches an absent text
  const word = (text: string): boolean => fits(text);
  switch (field) {
    case 'process': {
      const p = judged(processes, context, (x) => fits(x.name));
      return (g, i) => p(g.process[i]!);
    }
    case 'path': {
      const p = judged(processes, context, (x) => fits(x.path));
      return (g, i) => p(g.process[i]!);
    }
    case 'command': {
      const p = judged(processes, context, (x) => fits(x.arguments.join(' ')));
      return (g, i) => p(g.process[i]!);
    }
    case 'parent': {
      const p = judged(processes, context, (x) => x.ancestors.some((a) => fits(a.name)));
      return (g, i) => p(g.process[i]!);
    }
    case 'host': {
      const host = judged(names, context, fits);
      const address = judged(addresses, context, fits);
      return (g, i) => (g.host[i] ? host(g.host[i]) : address(g.destination[i]!));
    }
    case 'address': {
      const address = judged(addresses, context, fits);
      return (g, i) => address(g.destination[i]!);
    }
    case 'source': {
      const origin = judged(origins, context, (o) => fits(o.address));
      return (g, i) => origin(g.origin[i]!);
    }
    case 'capture': {
      const origin = judged(origins, context, (o) => fits(o.capture));
      return (g, i) => origin(g.origin[i]!);
    }
    case 'rule': {
      const origin = judged(origins, context, (o) => o.rule !== '' && fits(o.rule));
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

function anyText(test: Test, columns: Columns, context: ScanContext): RowTest {
  const { dictionaries, extras } = columns;
  const fits = metered(test, context);
  const process = judged(dictionaries.processes, context, (p) => fits(p.name));
  const host = judged(dictionaries.names, context, fits); // the empty host counts, as in match.ts
  const address = judged(dictionaries.addresses, context, fits);
  const name = judged(dictionaries.names, context, fits);
  const port = memo({ size: 65_536, get: String }, context, (p) => (fits(p) ? 1 : 0));
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
