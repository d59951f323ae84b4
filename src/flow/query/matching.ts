// Which rows match a query, found out in steps: a million texts against a costly expression take minutes, and nothing
// else runs meanwhile. Between two steps rows may come, change and go.
import type { FlowChanges } from '../changes.ts';
import { IdSet } from '../idSet.ts';
import type { FlowId } from '../model.ts';
import { groupRows, type RowSlice } from '../rows.ts';
import type { Query } from './ast.ts';
import { compileScan, makeContext, type Columns, type ScanContext } from './scan.ts';
import { compileSieve, type Sieve } from './sieve.ts';

/** What is needed of a FlowStore. */
export interface MatchedStore extends Columns {
  readonly first: FlowId;
  /** The row of an id, where it is there. */
  slice(id: FlowId): RowSlice | undefined;
}

/** Rows that were judged in a step. */
export interface Verdicts {
  /** Those that match of the rows that had not been judged before, oldest first: behind all that were. */
  readonly fresh: FlowId[];
  /** Rows that have changed since they were judged. */
  readonly again: readonly { readonly id: FlowId; readonly match: boolean }[];
}

export class Matching {
  readonly query: Query;
  readonly #store: MatchedStore;
  readonly #context: ScanContext = makeContext(0);
  #sieve: Sieve | undefined;
  /** Of the dictionaries, when the sieve was made. */
  #sweeps = 0;
  readonly #rows = new Uint16Array(groupRows);
  /** Rows below it have been judged. */
  #next: FlowId;
  /** Rows from here on have not been told of. */
  #end: FlowId;
  /** To be judged again, from #staleFrom on, and which those are. */
  #stale: FlowId[] = [];
  #staleFrom = 0;
  #isStale = new IdSet([]);

  /** Rows [store.first, end) are to be judged; more with each batch of changes. */
  constructor(query: Query, store: MatchedStore, end: FlowId) {
    this.query = query;
    this.#store = store;
    this.#next = store.first;
    this.#end = end;
  }

  /** Rows below it have been judged. */
  get next(): FlowId {
    return this.#next;
  }
  get done(): boolean {
    return this.#next >= this.#end && this.#staleFrom === this.#stale.length;
  }

  note({ opened, updated, closed, cleared }: FlowChanges): void {
    if (cleared) {
      this.#next = this.#store.first;
      this.#stale = [];
      this.#staleFrom = 0;
      this.#isStale = new IdSet([]);
    }
    this.#end = opened.end;
    if (this.query.kind === 'all') return;
    // Rows of this batch that were judged before it was told may have changed since.
    for (let id = opened.first; id < opened.end && id < this.#next; id++) this.#again(id);
    for (const ids of [updated, closed]) for (const id of ids) if (id < this.#next) this.#again(id);
  }

  #again(id: FlowId): void {
    if (this.#isStale.has(id)) return;
    this.#isStale.add(id);
    this.#stale.push(id);
  }

  /** Goes on for so much work (see meter.ts), and for one row at least. `now`: microseconds since 1970. */
  step(now: number, work: number): Verdicts {
    const context = this.#context;
    context.now = now;
    context.left = Math.max(1, work);
    const sieve = this.#compiled();
    const fresh = this.#next < this.#end ? this.#fresh(sieve) : [];
    const again = this.#next >= this.#end && context.left > 0 ? this.#judgeAgain(sieve) : [];
    return { fresh, again };
  }

  #fresh(sieve: Sieve): FlowId[] {
    const [rows, context] = [this.#rows, this.#context];
    const found: FlowId[] = [];
    for (const { group, from, to } of this.#store.slices()) {
      const begin = Math.max(from, this.#next - group.first);
      const end = Math.min(to, this.#end - group.first);
      if (begin >= end) continue;
      for (let i = begin; i < end; i++) rows[i - begin] = i;
      context.next = -1;
      const count = sieve(group, rows, end - begin);
      for (let k = 0; k < count; k++) found.push(group.first + rows[k]!);
      this.#next = group.first + (context.next < 0 ? end : context.next);
      if (context.left <= 0) return found;
    }
    this.#next = this.#end;
    return found;
  }

  #judgeAgain(sieve: Sieve): { id: FlowId; match: boolean }[] {
    const verdicts: { id: FlowId; match: boolean }[] = [];
    while (this.#staleFrom < this.#stale.length && this.#context.left > 0) {
      const id = this.#stale[this.#staleFrom++]!;
      this.#isStale.delete(id);
      const row = this.#store.slice(id); // none: it was evicted since
      if (!row) continue;
      this.#rows[0] = row.from;
      verdicts.push({ id, match: sieve(row.group, this.#rows, 1) === 1 });
    }
    if (this.#staleFrom * 2 >= this.#stale.length) {
      this.#stale = this.#stale.slice(this.#staleFrom);
      this.#staleFrom = 0;
    }
    return verdicts;
  }

  /** What it knows of texts is void once a dictionary has been swept. */
  #compiled(): Sieve {
    const { names, addresses, processes, origins } = this.#store.dictionaries;
    const sweeps = names.sweeps + addresses.sweeps + processes.sweeps + origins.sweeps;
    if (this.#sieve && sweeps === this.#sweeps) return this.#sieve;
    this.#sweeps = sweeps;
    this.#context.room = makeContext(0).room;
    return (this.#sieve = compileSieve(
      this.query,
      (part) => compileScan(part, this.#store, this.#context),
      this.#context,
    ));
  }
}

/** Ids of the rows that match, oldest first: all in one step. */
export function scan(query: Query, store: MatchedStore & { readonly end: FlowId }, now: number): FlowId[] {
  return new Matching(query, store, store.end).step(now, Infinity).fresh;
}
