// Flows and failures over time, for the strip above the table.
import type { CloseReason } from '../../../gen/flow_pb.ts';
import { closeReasonText, isFailure } from '../../flow/model.ts';
import { Flag } from '../../flow/rows.ts';
import type { FlowStore } from '../../flow/store.ts';
import type { PanelTimeline } from '../../protocol/panel.ts';

const failureReasons = Uint8Array.from({ length: 256 }, (_, r) =>
  isFailure(closeReasonText(r as CloseReason)) ? 1 : 0,
);

/** Now, while a flow is open; otherwise when the last of them ended. */
function lastMoment(store: FlowStore, now: number): number {
  if (store.liveCount > 0 || store.size === 0) return now;
  let last = 0;
  for (const { group, from, to } of store.slices()) {
    const { closedAt } = group;
    for (let i = from; i < to; i++) if (closedAt[i]! > last) last = closedAt[i]!;
  }
  return last;
}

/** Flows by when they began, over all of the store or a span; straight from the columns. */
export function timeline(store: FlowStore, slices: number, now: number, from?: number, to?: number): PanelTimeline {
  const count = Math.max(1, Math.min(2000, Math.floor(slices)));
  const first = from ?? store.flow(store.first)?.openedAt ?? now;
  const last = Math.max(first + 1000, to ?? lastMoment(store, now));
  const opened = new Uint32Array(count);
  const failed = new Uint32Array(count);
  const scale = count / (last - first);
  // Twice a second over all flows: the columns are taken out of the loop.
  for (const { group, from: a, to: b } of store.slices()) {
    const { openedAt, flags, reason } = group;
    for (let i = a; i < b; i++) {
      const place = (openedAt[i]! - first) * scale;
      if (!(place >= 0 && place < count)) continue;
      const slice = Math.trunc(place);
      opened[slice]!++;
      if (flags[i]! & Flag.ended && failureReasons[reason[i]!]) failed[slice]!++;
    }
  }
  return { from: first, to: last, opened: [...opened], failed: [...failed] };
}
