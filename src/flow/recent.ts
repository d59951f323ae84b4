// What a view that shows a part of the flows starts from: those that are open, and those that ended last.
import type { FlowId, Microseconds } from './model.ts';
import { Flag, type RowSlice } from './rows.ts';

/** What is needed of a FlowStore. */
export interface RecentStore {
  readonly liveCount: number;
  slices(): Iterable<RowSlice>;
}

/** At most `limit` ids, oldest first: the newest open flows, then the newest of those that ended after `since`. */
export function recentFlows(store: RecentStore, limit: number, since: Microseconds): FlowId[] {
  const opened: FlowId[] = [];
  const ended: FlowId[] = [];
  const most = Math.min(limit, store.liveCount);
  for (const { group, from, to } of [...store.slices()].reverse()) {
    const { flags, closedAt, first } = group;
    for (let i = to - 1; i >= from; i--) {
      if ((flags[i]! & Flag.ended) === 0) {
        if (opened.length < most) opened.push(first + i);
      } else if (opened.length + ended.length < limit && closedAt[i]! > since) ended.push(first + i);
    }
    if (opened.length === most && opened.length + ended.length >= limit) break;
  }
  return [...opened, ...ended.slice(0, limit - opened.length)].sort((a, b) => a - b);
}
