// The batch of changes that is being gathered for the listeners. Nothing is gathered while nobody listens.
import type { Disposable, FlowChanges } from './changes.ts';
import type { FlowId } from './model.ts';
import { Flag, type Rows } from './rows.ts';

export class PendingChanges {
  readonly #rows: Rows;
  readonly #schedule: (flush: () => void) => void;
  readonly #listeners = new Set<(changes: FlowChanges) => void>();
  #scheduled = false;
  #openedFrom = 0;
  #evictedFrom = 0;
  #touched: FlowId[] = [];
  #closed: FlowId[] = [];
  #cleared = false;

  constructor(rows: Rows, schedule: (flush: () => void) => void) {
    this.#rows = rows;
    this.#schedule = schedule;
  }

  listen(listener: (changes: FlowChanges) => void): Disposable {
    if (this.#listeners.size === 0) this.#begin();
    this.#listeners.add(listener);
    return {
      dispose: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#unmark();
      },
    };
  }

  /** Rows came or went; the batch tells which by itself. */
  changed(): void {
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    this.#schedule(() => this.flush());
  }

  touch(id: FlowId): void {
    if (this.#listeners.size === 0) return;
    const flags = this.#rows.group(id).flags;
    const index = this.#rows.index(id);
    if (id < this.#openedFrom && (flags[index]! & Flag.touched) === 0) {
      flags[index]! |= Flag.touched;
      this.#touched.push(id);
    }
    this.changed();
  }

  close(id: FlowId): void {
    if (this.#listeners.size === 0) return;
    const flags = this.#rows.group(id).flags;
    const index = this.#rows.index(id);
    if ((flags[index]! & Flag.closedInBatch) === 0) {
      flags[index]! |= Flag.closedInBatch;
      this.#closed.push(id);
    }
    this.changed();
  }

  clear(): void {
    this.#cleared = true;
    this.#openedFrom = this.#evictedFrom = this.#rows.first;
    this.changed();
  }

  flush(): void {
    this.#scheduled = false;
    const { first, end } = this.#rows;
    const openedFrom = Math.max(this.#openedFrom, first);
    const opened = { first: openedFrom, end: Math.max(openedFrom, end) };
    const evicted = { first: this.#evictedFrom, end: first };
    const closed: FlowId[] = [];
    const updated: FlowId[] = [];
    for (const id of this.#closed) {
      const flags = this.#take(id, Flag.closedInBatch);
      // Back to life within the batch: not closed after all.
      if (flags & Flag.ended) closed.push(id);
      else if (flags && id < openedFrom && !(flags & Flag.touched)) updated.push(id);
    }
    const ended = new Set(closed);
    for (const id of this.#touched) if (this.#take(id, Flag.touched) && !ended.has(id)) updated.push(id);
    const cleared = this.#cleared;
    this.#begin();
    const nothing = opened.first === opened.end && evicted.first === evicted.end;
    if (nothing && !cleared && closed.length === 0 && updated.length === 0) return;
    const changes: FlowChanges = { opened, updated, closed, evicted, cleared };
    for (const listener of this.#listeners) listener(changes);
  }

  #unmark(): void {
    for (const id of this.#touched) this.#take(id, Flag.touched);
    for (const id of this.#closed) this.#take(id, Flag.closedInBatch);
  }

  /** Takes a mark off; returns the flags before, 0 where the row is gone. */
  #take(id: FlowId, mark: number): number {
    if (!this.#rows.has(id)) return 0;
    const flags = this.#rows.group(id).flags;
    const index = this.#rows.index(id);
    const before = flags[index]!;
    flags[index] = before & ~mark;
    return before;
  }

  #begin(): void {
    this.#openedFrom = this.#rows.end;
    this.#evictedFrom = this.#rows.first;
    this.#touched = [];
    this.#closed = [];
    this.#cleared = false;
  }
}
