// What a view of a store needs, and its order.
import type { Disposable, FlowChanges } from './changes.ts';
import type { FlowId } from './model.ts';
import type { MatchedStore } from './query/matching.ts';
import type { SortColumn } from './sort.ts';

export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** What is needed of a FlowStore. */
export interface ViewedStore extends MatchedStore {
  readonly end: FlowId;
  onDidChange(listener: (changes: FlowChanges) => void): Disposable;
}

export interface ViewHost {
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Runs `work` later, once; with 0 after what else is waiting. */
  readonly later: (work: () => void, milliseconds: number) => void;
  /** Up to so many rows are sorted at once. Default: 20,000. */
  readonly sortAtOnce?: number;
  /** So much work is done at once to find what matches, see query/meter.ts. Default: about 20 ms. */
  readonly searchAtOnce?: number;
}
