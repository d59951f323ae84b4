// A stored flow's payload through the dissectors, holes included.
import type { Flow } from '../flow/model.ts';
import { FlowDissection } from '../dissect/flowDissection.ts';
import { dissectors } from '../dissect/registry.ts';
import type { FlowSource, PayloadChunk } from './source.ts';

type Event = { readonly direction: 'up' | 'down'; readonly chunk: PayloadChunk };

export function dissectFlow(flow: Flow, source: FlowSource): FlowDissection {
  const d = new FlowDissection(dissectors, flow.protocol, flow.destination.port);
  const next = { up: 0, down: 0 };
  const of = (direction: 'up' | 'down'): Event[] =>
    source.body(flow.id, direction).chunks.map((chunk) => ({ direction, chunk }));
  // Both directions by time: a response must not come before its request.
  const events = [...of('up'), ...of('down')].sort((a, b) => a.chunk.at - b.chunk.at);
  for (const { direction, chunk } of events) {
    if (chunk.offset > next[direction]) d.gap(direction, chunk.offset - next[direction], chunk.at);
    d.data(direction, chunk.bytes, chunk.at);
    next[direction] = Math.max(next[direction], chunk.offset + chunk.length);
  }
  const end = flow.closedAt || flow.openedAt;
  for (const direction of ['up', 'down'] as const) {
    const total = direction === 'up' ? flow.bytesUp : flow.bytesDown;
    if (total > next[direction]) d.gap(direction, total - next[direction], end);
    if (flow.state === 'closed') d.end(direction, end);
  }
  return d;
}
