// The flows held: rows, what rows point to, and room for new ones. Ingest fills it, the store shows it.
import { CloseReason } from '../../gen/flow_pb.ts';
import { Bodies } from './bodies.ts';
import { Dictionaries } from './dictionaries.ts';
import { Extras } from './extras.ts';
import { LiveIndex } from './live.ts';
import type { FlowId, Microseconds } from './model.ts';
import { PendingChanges } from './pending.ts';
import type { PayloadCodec } from './segments.ts';
import { Flag, Rows, type RowGroup } from './rows.ts';

export interface StoreLimits {
  /** Flows held; the oldest go first. Default 1,000,000. */
  readonly flows: number;
  /** Memory for payload, in bytes; the oldest go first. Default 256 MiB. */
  readonly bodyBytes: number;
}
export const defaultLimits: StoreLimits = { flows: 1_000_000, bodyBytes: 256 * 1024 * 1024 };

/** One proxy. Its live flows, and those that ended as lost with it and may come back, are in `live`. */
export interface Source {
  readonly number: number;
  readonly live: LiveIndex;
}

export class FlowTable {
  readonly rows = new Rows();
  readonly extras = new Extras();
  readonly dictionaries = new Dictionaries();
  readonly changes: PendingChanges;
  readonly sources: Source[] = [];
  bodies: Bodies;
  liveCount = 0;
  evictedFlows = 0;
  readonly #limits: StoreLimits;
  readonly #now: () => Microseconds;
  readonly #codec: PayloadCodec | undefined;

  constructor(
    limits: StoreLimits,
    schedule: (flush: () => void) => void,
    now: () => Microseconds,
    codec: PayloadCodec | undefined,
  ) {
    this.#limits = limits;
    this.#now = now;
    this.#codec = codec;
    this.changes = new PendingChanges(this.rows, schedule);
    this.bodies = this.#makeBodies();
  }

  addSource(): number {
    this.sources.push({ number: this.sources.length, live: new LiveIndex(this.rows) });
    return this.sources.length - 1;
  }

  /** Ends a flow, or corrects the end of a lost one. */
  end(id: FlowId, reason: number, at: Microseconds): void {
    const g = this.rows.group(id);
    const i = this.rows.index(id);
    if (!(g.flags[i]! & Flag.ended)) this.liveCount--;
    g.flags[i]! |= Flag.ended;
    g.reason[i] = reason;
    g.closedAt[i] = at || this.#now();
    this.changes.close(id);
  }

  /** Ends a flow whose end was not told. */
  lose(id: FlowId): void {
    this.end(id, CloseReason.lost, 0);
  }

  revive(g: RowGroup, i: number): void {
    g.flags[i]! &= ~Flag.ended;
    g.reason[i] = 0;
    g.closedAt[i] = 0;
    this.liveCount++;
  }

  /** The index of a row's extras; makes them. */
  extra(g: RowGroup, i: number): number {
    return (g.extra[i] ||= this.extras.add());
  }

  flags(id: FlowId): number {
    return this.rows.group(id).flags[this.rows.index(id)]!;
  }

  setFlags(id: FlowId, on: number, off = 0): void {
    const g = this.rows.group(id);
    const i = this.rows.index(id);
    g.flags[i] = (g.flags[i]! & ~off) | on;
  }

  /** Before a row is added, and before its parts are looked up: indices that no row has yet would be swept away. */
  makeRoom(): void {
    while (this.rows.end - this.rows.first >= this.#limits.flows) {
      // Long-lived flows are moved to new rows rather than lost, unless they are most of what there is.
      const keep = this.liveCount < this.#limits.flows / 2;
      if (!this.#evictOldest(keep)) this.evictedFlows++;
    }
    if (this.dictionaries.wantSweep) this.sweep();
  }

  /** Frees what no row names; where that is not enough, the oldest flows go too. */
  sweep(): void {
    this.dictionaries.sweep(this.rows, this.extras);
    while (this.dictionaries.full && this.rows.first < this.rows.end) {
      for (let n = Math.ceil((this.rows.end - this.rows.first) / 4); n > 0; n--)
        if (!this.#evictOldest(false)) this.evictedFlows++;
      this.dictionaries.sweep(this.rows, this.extras);
    }
  }

  /** Forgets ended flows; live ones go on in new rows, with their payload. */
  clear(): void {
    const { end } = this.rows;
    while (this.rows.first < end) this.#evictOldest(true);
    this.sweep();
    const old = this.bodies;
    this.bodies = this.#makeBodies();
    for (let id = end; id < this.rows.end; id++) {
      const g = this.rows.group(id);
      const i = this.rows.index(id);
      g.body[i] = old.copy(g.body[i]!, id, this.bodies);
    }
    old.clear();
    this.evictedFlows = 0;
    this.changes.clear();
  }

  /** The oldest row goes. True where its flow lives on in a new row. */
  #evictOldest(keepLive: boolean): boolean {
    const id = this.rows.first;
    const g = this.rows.group(id);
    const i = this.rows.index(id);
    const live = (g.flags[i]! & Flag.ended) === 0;
    const index =
      live || g.flags[i]! & Flag.revivable
        ? this.sources[this.dictionaries.origins.get(g.origin[i]!).source]!.live
        : undefined;
    const kept = keepLive && live;
    if (kept) {
      const moved = this.rows.append();
      this.rows.copy(id, moved);
      this.bodies.move(g.body[i]!, id, moved);
      this.setFlags(moved, 0, Flag.touched | Flag.closedInBatch);
      index!.set(g.remote[i]!, moved);
    } else {
      index?.delete(g.remote[i]!);
      if (live) this.liveCount--;
      this.extras.remove(g.extra[i]!);
    }
    this.rows.shift();
    this.changes.changed();
    return kept;
  }

  #makeBodies(): Bodies {
    const evicted = (owner: number): void => {
      // The owner is the low half of an id, and rows are far fewer than 2^32.
      const id = this.rows.first + ((owner - this.rows.first) >>> 0);
      if (this.rows.has(id)) this.changes.touch(id);
    };
    return new Bodies(this.#limits.bodyBytes, evicted, this.#codec);
  }
}
