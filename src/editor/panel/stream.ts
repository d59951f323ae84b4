// What both sides of a flow said, in the order in which they said it.
import type { FlowId } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import type { PanelStream } from '../../protocol/panel.ts';

export function streamOf(store: FlowStore, id: FlowId): PanelStream | undefined {
  const flow = store.flow(id);
  if (!flow) return undefined;
  const up = store.body(id, 'up').chunks.map((c) => ({ up: true, ...c }));
  const down = store.body(id, 'down').chunks.map((c) => ({ up: false, ...c }));
  const held = (chunks: readonly { bytes: Uint8Array }[]): number => chunks.reduce((n, c) => n + c.bytes.length, 0);
  return {
    chunks: [...up, ...down]
      .sort((a, b) => a.at - b.at)
      .map(({ up: isUp, offset, at, bytes }) => ({ up: isUp, offset, at, bytes })),
    missing: { up: Math.max(0, flow.bytesUp - held(up)), down: Math.max(0, flow.bytesDown - held(down)) },
  };
}
