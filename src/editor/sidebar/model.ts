// What the tree shows: groups of connections, kept in step with the store. Pure, single-threaded.
//
// The store's changes are only noted (cheap, also while the view is hidden); `settle` looks the noted flows up
// and says what a view must redraw. Where more was noted than is ever held, the store is asked for the recent
// flows instead: most of the noted ones would be let go again at once. Everything is bounded: flows held, rows
// shown per group, groups shown.
import type { FlowChanges } from '../../flow/changes.ts';
import type { Flow, FlowId } from '../../flow/model.ts';
import type { FlowFilter, FlowRow, Group, More, Totals } from './elements.ts';
import { stateOf } from './grouping.ts';
import { compareNames, type FlowSource, type ModelOptions, type Redraw } from './modelParts.ts';
import { RateMeter } from './rate.ts';
import type { Translate } from './text.ts';

const expandedGroups = 20;
/** Work on the texts of a filter until other things get their turn, see query/meter.ts: about 20 ms. */
const filterAtOnce = 1 << 21;

export class SidebarModel {
  readonly #t: Translate;
  #options: ModelOptions;
  #filter: FlowFilter | undefined;
  readonly #flows = new Map<FlowId, Flow>();
  readonly #noted = new Set<FlowId>();
  /** More was noted than is held: nothing is noted until the recent flows have been asked for. */
  #overrun = false;
  /** Closed flows in the order in which they were found closed. */
  readonly #closed = new Set<FlowId>();
  readonly #groups = new Map<string, Group>();
  readonly #more: More = { kind: 'more', group: undefined, hidden: 0 };
  readonly #rows = new Map<FlowId, FlowRow>();
  #live = 0;
  #root = false;
  #lists = new Set<Group>();
  #touched = new Set<FlowRow>();

  constructor(options: ModelOptions, t: Translate) {
    this.#options = options;
    this.#t = t;
  }

  /** Open flows the tree knows of; the store may hold more. */
  get live(): number {
    return this.#live;
  }
  get size(): number {
    return this.#flows.size;
  }
  /** Flows that pass the filter. */
  get matching(): number {
    return this.#rows.size;
  }
  get options(): ModelOptions {
    return this.#options;
  }
  /** True where `settle` has to be called again: a costly filter takes several turns. */
  get behind(): boolean {
    return this.#noted.size > 0;
  }

  /** Takes note of a batch of the store's changes. */
  note(changes: FlowChanges): void {
    if (changes.cleared) this.clear();
    if (this.#overrun) return;
    const { opened, evicted } = changes;
    if (this.#noted.size + opened.end - opened.first > this.#options.held) {
      this.#overrun = true;
      this.#noted.clear();
      return;
    }
    for (let id = opened.first; id < opened.end; id++) this.#noted.add(id);
    for (const id of changes.updated) this.#noted.add(id);
    for (const id of changes.closed) this.#noted.add(id);
    // A range may be far longer than what is held here.
    if (evicted.end - evicted.first < this.#flows.size + this.#noted.size)
      for (let id = evicted.first; id < evicted.end; id++) this.#forget(id);
    else for (const id of [...this.#flows.keys(), ...this.#noted]) if (id < evicted.end) this.#forget(id);
  }

  #forget(id: FlowId): void {
    this.#noted.delete(id);
    this.#drop(id);
  }

  clear(): void {
    this.#noted.clear();
    this.#flows.clear();
    this.#closed.clear();
    this.#live = 0;
    this.#regroup();
  }

  configure(options: Partial<ModelOptions>): void {
    const grouping = this.#options.grouping;
    this.#options = { ...this.#options, ...options };
    if (this.#options.grouping !== grouping) this.#regroup();
    else this.#root = true;
  }

  setFilter(filter: FlowFilter | undefined): void {
    this.#filter = filter;
    this.#regroup();
  }

  /** Brings the tree up to date and says what changed since the last call. `now` in microseconds. */
  settle(source: FlowSource, now: number): Redraw {
    this.#refill();
    if (this.#overrun) this.#catchUp(source, now);
    this.#makeRoom();
    for (const id of this.#noted) {
      this.#noted.delete(id);
      const flow = source.flow(id);
      if (flow) this.#take(flow, now);
      else this.#drop(id);
      if (this.#spent) break;
    }
    this.#expire(now);
    const redraw = { root: this.#root, lists: this.#lists, rows: this.#touched };
    this.#root = false;
    this.#lists = new Set();
    this.#touched = new Set();
    return redraw;
  }

  groups(): (Group | More)[] {
    const { groups: limit } = this.#options;
    let all = [...this.#groups.values()];
    const hidden = all.length - limit;
    // Those that came last are kept: that is where something is happening.
    if (hidden > 0) all = all.slice(-limit);
    all.sort((a, b) => a.rank - b.rank || compareNames(a.label, b.label) || compareNames(a.key, b.key));
    this.#more.hidden = hidden;
    return hidden > 0 ? [...all, this.#more] : all;
  }

  /** Newest first. Where they are too many, open ones are preferred to closed ones. */
  rows(group: Group): (FlowRow | More)[] {
    const { rowsPerGroup: limit } = this.#options;
    const all = [...group.rows.values()].sort((a, b) => b.flow.id - a.flow.id);
    const hidden = all.length - limit;
    if (hidden <= 0) return all;
    const open = all.filter((row) => row.flow.state === 'open').slice(0, limit);
    let room = limit - open.length;
    const chosen = new Set(open);
    for (const row of all) {
      if (room === 0) break;
      if (row.flow.state === 'open') continue;
      chosen.add(row);
      room--;
    }
    group.more ??= { kind: 'more', group, hidden };
    group.more.hidden = hidden;
    return [...all.filter((row) => chosen.has(row)), group.more];
  }

  row(id: FlowId): FlowRow | undefined {
    return this.#rows.get(id);
  }

  totals(group: Group, now: number): Totals {
    const totals = { open: 0, failed: 0, closed: 0, bytesUp: 0, bytesDown: 0, rate: 0 };
    const pids = new Set<number>();
    for (const { flow, rate } of group.rows.values()) {
      const state = stateOf(flow);
      if (state === 'failed') totals.failed++;
      else if (state === 'closed') totals.closed++;
      else totals.open++;
      totals.bytesUp += flow.bytesUp;
      totals.bytesDown += flow.bytesDown;
      totals.rate += rate.at(now);
      if (flow.process.pid) pids.add(flow.process.pid);
    }
    return { ...totals, pids: [...pids] };
  }

  #catchUp(source: FlowSource, now: number): void {
    this.#overrun = false;
    const recent = source.recent(this.#options.held, now - this.#options.keepClosed);
    const kept = new Set(recent);
    for (const id of this.#flows.keys()) if (!kept.has(id)) this.#drop(id);
    for (const id of recent) this.#noted.add(id);
  }

  /** The oldest closed flows go, as many as come: all at once, since finding the first of a Set that shrinks is slow. */
  #makeRoom(): void {
    let excess = this.#flows.size - this.#options.held;
    for (const id of this.#noted) if (!this.#flows.has(id)) excess++;
    for (const id of this.#closed) {
      if (excess-- <= 0) break;
      this.#drop(id);
    }
  }

  #take(flow: Flow, now: number): void {
    const known = this.#flows.get(flow.id);
    if (!known && this.#flows.size >= this.#options.held) {
      const oldest = this.#closed.values().next();
      if (oldest.done) return;
      this.#drop(oldest.value);
    }
    this.#flows.set(flow.id, flow);
    if (flow.state === 'open') {
      // A flow that was lost with its proxy comes back to life with the proxy's snapshot.
      const revived = this.#closed.delete(flow.id);
      if (!known || revived) this.#live++;
    } else if (!this.#closed.has(flow.id)) {
      this.#closed.add(flow.id);
      if (known) this.#live--;
    }
    this.#place(flow, now);
  }

  /** Puts the flow into its group, or moves it where its key has changed. */
  #place(flow: Flow, now: number): void {
    const row = this.#rows.get(flow.id);
    const key = this.#filter && !this.#filter(flow) ? undefined : this.#options.grouping.key(flow);
    if (row && row.group.key === key) {
      row.rate.add(flow.bytesUp + flow.bytesDown, now);
      row.flow = flow;
      this.#touched.add(row);
      return;
    }
    if (row) this.#remove(row);
    if (key === undefined) return;
    const group = this.#groups.get(key) ?? this.#open(key, flow);
    const rate = row?.rate ?? new RateMeter();
    rate.add(flow.bytesUp + flow.bytesDown, now);
    const placed: FlowRow = { kind: 'flow', group, flow, rate };
    group.rows.set(flow.id, placed);
    this.#rows.set(flow.id, placed);
    this.#lists.add(group);
  }

  #open(key: string, flow: Flow): Group {
    const { grouping } = this.#options;
    const label = grouping.label(flow, this.#t);
    const group: Group = {
      kind: 'group',
      key,
      grouping,
      label,
      rank: grouping.rank(flow),
      rows: new Map(),
      sample: flow,
      expand: this.#groups.size < expandedGroups,
    };
    this.#groups.set(key, group);
    this.#root = true;
    return group;
  }

  #remove(row: FlowRow): void {
    const { group, flow } = row;
    group.rows.delete(flow.id);
    this.#rows.delete(flow.id);
    this.#touched.delete(row);
    this.#lists.add(group);
    if (group.rows.size > 0) return;
    this.#groups.delete(group.key);
    this.#lists.delete(group);
    this.#root = true;
  }

  #drop(id: FlowId): void {
    const flow = this.#flows.get(id);
    if (!flow) return;
    this.#flows.delete(id);
    if (!this.#closed.delete(id)) this.#live--;
    const row = this.#rows.get(id);
    if (row) this.#remove(row);
  }

  #expire(now: number): void {
    // All of them: what a batch brings is in no order of time, and they are bounded.
    for (const id of this.#closed)
      if ((this.#flows.get(id)?.closedAt ?? 0) + this.#options.keepClosed <= now) this.#drop(id);
  }

  #regroup(): void {
    this.#groups.clear();
    this.#rows.clear();
    this.#lists.clear();
    this.#touched.clear();
    this.#root = true;
    const flows = [...this.#flows.values()].sort((a, b) => a.id - b.id);
    this.#refill();
    for (const flow of flows)
      if (this.#spent) this.#noted.add(flow.id);
      else this.#place(flow, 0);
  }

  #refill(): void {
    if (this.#filter?.meter) this.#filter.meter.left = filterAtOnce;
  }
  /** A costly filter goes on another time. */
  get #spent(): boolean {
    return this.#filter?.meter !== undefined && this.#filter.meter.left <= 0;
  }
}
