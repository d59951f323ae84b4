// What changed in a flow store since the last batch.
import type { FlowId } from './model.ts';

/** Ids first, first + 1, ... end - 1; empty where first === end. */
export interface IdRange {
  readonly first: FlowId;
  readonly end: FlowId;
}

/**
 * One batch. `cleared` comes before everything else of the batch; all other members speak of ids still to be
 * had at the time of the batch, except `evicted`.
 */
export interface FlowChanges {
  /** New rows. They are not in `updated`, but are in `closed` when they have ended already. */
  readonly opened: IdRange;
  /** Rows that changed and neither came nor closed in this batch. Each id once. */
  readonly updated: readonly FlowId[];
  /** Rows that ended in this batch. Each id once. */
  readonly closed: readonly FlowId[];
  /** Rows that are gone, always the oldest. A live flow among them lives on in a new row (see `opened`). */
  readonly evicted: IdRange;
  /** clear() was called: forget every row, then look at `opened`. */
  readonly cleared: boolean;
}

export interface Disposable {
  dispose(): void;
}
