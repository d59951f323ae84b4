// How much a search may do before it has to make way for others. Counted, not timed: the same query takes the same steps.

/** Work is counted in units of about ten nanoseconds. */
export interface Meter {
  /** Work that may still be done; what has begun is finished, so it may go below 0. */
  left: number;
  /** Where a sieve stopped because nothing was left: the first row, an index in its group, that was not judged. -1: nowhere. */
  next: number;
}

/** What fetching a text out of a dictionary costs. */
export const decodeWork = 30;
