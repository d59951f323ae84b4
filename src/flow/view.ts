// What a table shows of a store: the rows that match a query, in the order of a column. Holds ids only.
import type { Disposable, FlowChanges } from './changes.ts';
import type { FlowId } from './model.ts';
import { Matching, type Verdicts } from './query/matching.ts';
import type { Query } from './query/ast.ts';
import type { Sort, ViewedStore, ViewHost } from './viewHost.ts';
import { arranged, search } from './idLists.ts';
import { IdSet } from './idSet.ts';
import { sortIds, sortSteps } from './sort.ts';

export type { Sort, ViewedStore, ViewHost };

/** Up to here a changed row is put into its place at once; beyond it the order follows within seconds. */
const sortAtOnce = 20_000;
const searchAtOnce = 1 << 21;
/** Milliseconds from a change to sorting anew, and for each step that the last sort took: a fifth of the time at most. */
const resortAfter = 1000;
const resortPerStep = 10;
/** Once this part of the list is gone, what is left of it is moved: a sixteenth. */
const fewest = 16;

export class FlowView implements Disposable {
  private readonly store: ViewedStore;
  private readonly host: ViewHost;
  private readonly listeners = new Set<() => void>();
  private readonly subscription: Disposable;
  /** What the rows match that are shown. */
  private shown: Matching;
  /** A query whose rows are still being found; until then those of the one before stay, but no more are added. */
  private search: { readonly matching: Matching; readonly end: FlowId; readonly found: FlowId[] } | undefined;
  /** Rows of the store that the view has been told of end here. */
  private told: FlowId;
  private stepPending = false;
  private order: Sort = { column: 'start', descending: false };
  /** Matching ids in the order of the view. By start this is ascending, so that new rows are appended. */
  private ids: FlowId[] = [];
  /** So many ids at the beginning are gone: the oldest go with every batch, and moving a million each time is slow. */
  private head = 0;
  /** For rows whose membership can change: built when first needed, dropped when the list is rebuilt. */
  private members: IdSet | undefined;
  /** Sorting in the background: many rows take longer than anything else may wait. */
  private job: { readonly steps: Generator<void, FlowId[]>; readonly order: Sort; taken: number } | undefined;
  /** The list has changed since the job began, or rows since it was last sorted. */
  private dirty = false;
  private sortPending = false;
  private lastSteps = 0;
  private disposed = false;
  private waiting: (() => void)[] = [];
  private gone = 0;

  constructor(store: ViewedStore, host: ViewHost) {
    this.store = store;
    this.host = host;
    this.subscription = store.onDidChange((changes) => this.changed(changes));
    this.told = store.end;
    this.shown = new Matching({ kind: 'all' }, store, this.told);
    this.advance();
  }

  dispose(): void {
    this.disposed = true;
    this.job = undefined;
    this.search = undefined;
    this.subscription.dispose();
    this.listeners.clear();
    for (const done of this.waiting.splice(0)) done();
  }
  onDidChange(listener: () => void): Disposable {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  get count(): number {
    return this.ids.length - this.head;
  }
  /** The order that rows are in, or soon will be. */
  get sort(): Sort {
    return this.job?.order ?? this.order;
  }
  /** Rows are still in another order, or some are out of place. */
  get sorting(): boolean {
    return this.job !== undefined;
  }
  /** Rows are still those of the query before: what matches the new one is being found. */
  get searching(): boolean {
    return this.search !== undefined;
  }
  /** True once the rows are those of the query; false where the view is disposed before. */
  async found(): Promise<boolean> {
    while (this.searching && !this.disposed)
      await new Promise<void>((done) => {
        this.waiting.push(done);
      });
    return !this.disposed;
  }
  /** Rows are still being found or sorted. */
  get busy(): boolean {
    return this.sorting || this.searching || this.stepPending;
  }
  /** Rows that went from the beginning of the list, counted up: how far rows moved without being touched. */
  get shifted(): number {
    return this.gone;
  }
  /** Ids of rows [from, to), clipped. */
  slice(from: number, to: number): FlowId[] {
    const n = this.ids.length;
    const [a, b] = [Math.max(0, from), Math.min(this.count, to)];
    if (!this.order.descending) return this.ids.slice(this.head + a, this.head + b);
    return b > a ? this.ids.slice(n - b, n - a).reverse() : [];
  }
  /** The row of a flow, or -1. */
  indexOf(id: FlowId): number {
    const at = (this.order.column === 'start' ? search(this.ids, id) : this.ids.indexOf(id)) - this.head;
    return at < 0 ? -1 : this.order.descending ? this.count - 1 - at : at;
  }
  /** Every id that matches, oldest first. */
  all(): FlowId[] {
    const ids = this.ids.slice(this.head);
    return this.order.column === 'start' ? ids : ids.sort((a, b) => a - b);
  }

  /** At once where that is quick; otherwise in steps, which a newer query ends. */
  setQuery(query: Query): void {
    this.search = { matching: new Matching(query, this.store, this.told), end: this.told, found: [] };
    this.advance();
    this.emit();
  }
  setSort(sort: Sort): void {
    const same = sort.column === this.order.column && !this.job;
    // Descending is the same list read backwards.
    if (same) this.order = sort;
    else this.sortBy(sort);
    this.emit();
  }

  /** A step towards what matches. True where rows have changed. */
  private advance(): boolean {
    const { search } = this;
    const matching = search?.matching ?? this.shown;
    const verdicts = matching.step(this.host.now(), this.host.searchAtOnce ?? searchAtOnce);
    if (!matching.done && !this.stepPending) {
      this.stepPending = true;
      this.host.later(() => {
        this.stepPending = false;
        if (this.disposed) return;
        const [searching, changed] = [this.searching, this.advance()];
        if (changed || searching !== this.searching || !this.busy) this.emit();
      }, 0);
    }
    if (!search) return this.take(verdicts);
    for (const id of verdicts.fresh) search.found.push(id);
    // Rows that came since it began need not be waited for.
    if (matching.next < search.end) return false;
    this.show(search);
    this.take({ fresh: [], again: verdicts.again });
    return true;
  }

  /** Rows that were there keep their order until they are sorted anew. */
  private show({ matching, found }: { readonly matching: Matching; readonly found: FlowId[] }): void {
    const order = this.sort;
    this.head = 0;
    const before = this.ids;
    this.shown = matching;
    this.search = undefined;
    this.job = undefined;
    this.members = undefined;
    this.ids = (found[0] ?? Infinity) < this.store.first ? found.filter((id) => id >= this.store.first) : found;
    if (order.column === 'start') this.order = order;
    else {
      if (this.order.column !== 'start') this.ids = arranged(before, this.ids);
      this.sortBy(order);
    }
  }

  /** True where rows have come or gone. */
  private take({ fresh, again }: Verdicts): boolean {
    for (const id of fresh) {
      this.ids.push(id);
      this.members?.add(id);
    }
    const changed = this.rejudge(again) || fresh.length > 0;
    if (changed) {
      this.dirty = true;
      if (this.order.column !== 'start') this.resort();
    }
    return changed;
  }

  /** At once where it is quick; otherwise in steps, and rows stay as they are until it is done. */
  private sortBy(order: Sort): void {
    this.job = undefined;
    this.compact();
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
    this.compact();
    this.ids = this.dirty ? arranged(step.value, this.ids) : step.value;
    if (this.dirty) this.resort();
    this.emit();
  }

  private changed(changes: FlowChanges): void {
    this.told = changes.opened.end;
    if (changes.cleared) {
      this.order = this.sort;
      this.job = undefined;
      this.members = undefined;
      this.ids = [];
      this.head = 0;
      if (this.search) this.search = { ...this.search, end: this.told, found: [] };
    } else this.evict(changes.evicted.end);
    (this.search?.matching ?? this.shown).note(changes);
    this.dirty = true;
    if (!this.stepPending) this.advance();
    if (this.order.column !== 'start') this.resort();
    this.emit();
  }

  private evict(end: FlowId): void {
    if (end === 0 || this.ids.length === 0) return;
    const before = this.count;
    if (this.order.column === 'start') {
      while (this.head < this.ids.length && this.ids[this.head]! < this.store.first) this.head++;
      if (this.head * fewest > this.ids.length) this.compact();
    } else this.ids = this.ids.filter((id) => id >= this.store.first);
    this.gone += before - this.count;
  }
  private compact(): void {
    if (this.head > 0) this.ids.splice(0, this.head);
    this.head = 0;
  }

  private rejudge(verdicts: Verdicts['again']): boolean {
    if (verdicts.length === 0) return false;
    const members = (this.members ??= new IdSet(this.ids));
    const gone = new Set<FlowId>();
    let came = false;
    for (const { id, match } of verdicts) {
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
    return came || gone.size > 0;
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
    if (!this.search) for (const done of this.waiting.splice(0)) done();
  }
}
