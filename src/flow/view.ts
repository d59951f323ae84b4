// What a table shows of a store: the rows that match a query, in the order of a column. Holds ids only.
import type { Disposable, FlowChanges } from './changes.ts';
import type { Flow, FlowId } from './model.ts';
import { compileQuery } from './query/match.ts';
import { scan, type Columns } from './query/scan.ts';
import type { Query } from './query/ast.ts';
import { IdSet } from './idSet.ts';
import { sortIds, sortSteps, type SortColumn } from './sort.ts';

export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** What is needed of a FlowStore. */
export interface ViewedStore extends Columns {
  readonly first: FlowId;
  flow(id: FlowId): Flow | undefined;
  onDidChange(listener: (changes: FlowChanges) => void): Disposable;
}

export interface ViewHost {
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Runs `work` later, once; with 0 after what else is waiting. */
  readonly later: (work: () => void, milliseconds: number) => void;
  /** Up to so many rows are sorted at once. Default: 20,000. */
  readonly sortAtOnce?: number;
}

/** Up to here a changed row is put into its place at once; beyond it the order follows within seconds. */
const sortAtOnce = 20_000;
/** Milliseconds from a change to sorting anew, and for each step that the last sort took: a fifth of the time at most. */
const resortAfter = 1000;
const resortPerStep = 10;

export class FlowView implements Disposable {
  private readonly store: ViewedStore;
  private readonly host: ViewHost;
  private readonly listeners = new Set<() => void>();
  private readonly subscription: Disposable;
  private query: Query = { kind: 'all' };
  private matches: (flow: Flow) => boolean = () => true;
  private order: Sort = { column: 'start', descending: false };
  /** Matching ids in the order of the view. By start this is ascending, so that new rows are appended. */
  private ids: FlowId[] = [];
  /** For rows whose membership can change: built when first needed, dropped when the list is rebuilt. */
  private members: IdSet | undefined;
  /** Sorting in the background: many rows take longer than anything else may wait. */
  private job: { readonly steps: Generator<void, FlowId[]>; readonly order: Sort; taken: number } | undefined;
  /** The list has changed since the job began, or rows since it was last sorted. */
  private dirty = false;
  private sortPending = false;
  private lastSteps = 0;
  private disposed = false;
  private gone = 0;

  constructor(store: ViewedStore, host: ViewHost) {
    this.store = store;
    this.host = host;
    this.subscription = store.onDidChange((changes) => this.changed(changes));
    this.rebuild();
  }

  dispose(): void {
    this.disposed = true;
    this.job = undefined;
    this.subscription.dispose();
    this.listeners.clear();
  }
  onDidChange(listener: () => void): Disposable {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  get count(): number {
    return this.ids.length;
  }
  /** The order that rows are in, or soon will be. */
  get sort(): Sort {
    return this.job?.order ?? this.order;
  }
  /** Rows are still in another order, or some are out of place. */
  get sorting(): boolean {
    return this.job !== undefined;
  }
  /** Rows that went from the beginning of the list, counted up: how far rows moved without being touched. */
  get shifted(): number {
    return this.gone;
  }
  /** Ids of rows [from, to), clipped. */
  slice(from: number, to: number): FlowId[] {
    const n = this.ids.length;
    const [a, b] = [Math.max(0, from), Math.min(n, to)];
    if (!this.order.descending) return this.ids.slice(a, b);
    return b > a ? this.ids.slice(n - b, n - a).reverse() : [];
  }
  /** The row of a flow, or -1. */
  indexOf(id: FlowId): number {
    const at = this.order.column === 'start' ? search(this.ids, id) : this.ids.indexOf(id);
    return at < 0 || !this.order.descending ? at : this.ids.length - 1 - at;
  }
  /** Every id that matches, oldest first. */
  all(): FlowId[] {
    return this.order.column === 'start' ? [...this.ids] : [...this.ids].sort((a, b) => a - b);
  }

  setQuery(query: Query): void {
    this.query = query;
    this.matches = compileQuery(query, this.host.now);
    this.rebuild();
    this.emit();
  }
  setSort(sort: Sort): void {
    const same = sort.column === this.order.column && !this.job;
    // Descending is the same list read backwards.
    if (same) this.order = sort;
    else this.sortBy(sort);
    this.emit();
  }

  /** What matches now. Rows that were there keep their order until they are sorted anew. */
  private rebuild(): void {
    const order = this.sort;
    const before = this.ids;
    this.job = undefined;
    this.members = undefined;
    this.ids = scan(this.query, this.store, this.host.now());
    if (order.column === 'start') this.order = order;
    else {
      if (this.order.column !== 'start') this.ids = arranged(before, this.ids);
      this.sortBy(order);
    }
  }

  /** At once where it is quick; otherwise in steps, and rows stay as they are until it is done. */
  private sortBy(order: Sort): void {
    this.job = undefined;
    if (order.column !== 'start' && this.ids.length > (this.host.sortAtOnce ?? sortAtOnce)) {
      this.job = { steps: sortSteps(this.ids, order.column, this.store, this.host.now()), order, taken: 0 };
      this.dirty = false;
      this.host.later(() => this.work(), 0);
      return;
    }
    this.order = order;
    this.ids = order.column === 'start' ? this.ids.sort((a, b) => a - b) : sortIds(this.ids, order.column, this.store, this.host.now()); // prettier-ignore
  }

  private work(): void {
    const { job } = this;
    if (!job || this.disposed) return;
    const step = job.steps.next();
    job.taken++;
    if (!step.done) return this.host.later(() => this.job === job && this.work(), 0);
    this.job = undefined;
    this.order = job.order;
    this.lastSteps = job.taken;
    this.ids = this.dirty ? arranged(step.value, this.ids) : step.value;
    if (this.dirty) this.resort();
    this.emit();
  }

  private changed(changes: FlowChanges): void {
    if (changes.cleared) this.rebuild();
    else {
      this.evict(changes.evicted.end);
      const fresh: FlowId[] = [];
      for (let id = changes.opened.first; id < changes.opened.end; id++) if (this.isMatch(id)) fresh.push(id);
      for (const id of fresh) {
        this.ids.push(id);
        this.members?.add(id);
      }
      // Rows that came in this batch were judged as they are now.
      if (this.query.kind !== 'all') this.rejudge([...changes.updated, ...changes.closed].filter((id) => id < changes.opened.first)); // prettier-ignore
      this.dirty = true;
      if (this.order.column !== 'start') this.resort();
    }
    this.emit();
  }

  private evict(end: FlowId): void {
    if (end === 0 || this.ids.length === 0) return;
    const before = this.ids.length;
    if (this.order.column === 'start') {
      let gone = 0;
      while (gone < this.ids.length && this.ids[gone]! < this.store.first) gone++;
      if (gone > 0) this.ids.splice(0, gone);
    } else this.ids = this.ids.filter((id) => id >= this.store.first);
    this.gone += before - this.ids.length;
  }

  private rejudge(ids: readonly FlowId[]): void {
    if (ids.length === 0) return;
    const members = (this.members ??= new IdSet(this.ids));
    const gone = new Set<FlowId>();
    let came = false;
    for (const id of ids) {
      const match = this.isMatch(id);
      if (match === members.has(id)) continue;
      if (match) {
        members.add(id);
        this.ids.push(id);
        came = true;
      } else {
        members.delete(id);
        gone.add(id);
      }
    }
    if (gone.size > 0) this.ids = this.ids.filter((id) => !gone.has(id));
    if (came && this.order.column === 'start') this.ids.sort((a, b) => a - b);
  }

  private isMatch(id: FlowId): boolean {
    if (this.query.kind === 'all') return true;
    const flow = this.store.flow(id);
    return flow !== undefined && this.matches(flow);
  }

  private resort(): void {
    if (this.job) return; // it is done anew when that is over
    if (this.ids.length <= (this.host.sortAtOnce ?? sortAtOnce)) return this.sortBy(this.order);
    if (this.sortPending) return;
    this.sortPending = true;
    this.host.later(
      () => {
        this.sortPending = false;
        if (this.disposed || this.job || this.order.column === 'start') return;
        this.sortBy(this.order);
      },
      Math.max(resortAfter, this.lastSteps * resortPerStep),
    );
  }

  private emit(): void {
    for (const listener of this.listeners) listener();
  }
}

/** `ids` in the order in which `before` has them; those that it does not have come last. */
function arranged(before: readonly FlowId[], ids: readonly FlowId[]): FlowId[] {
  const wanted = new IdSet(ids);
  const known = before.filter((id) => wanted.delete(id));
  return known.length === ids.length ? known : [...known, ...ids.filter((id) => wanted.has(id))];
}

/** Binary search in ascending ids; -1 where absent. */
function search(ids: readonly FlowId[], id: FlowId): number {
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const held = ids[middle]!;
    if (held === id) return middle;
    if (held < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
