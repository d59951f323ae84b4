// Flows made up for tests.
import type { Flow } from '../../src/flow/model.ts';
import type { FlowSource, PayloadChunk } from '../../src/capture/source.ts';

export const t0 = Date.parse('2026-03-04T12:00:00Z') * 1000;

export function makeFlow(over: Partial<Flow> = {}): Flow {
  return {
    id: 1,
    protocol: 'tcp',
    process: { pid: 42, name: 'node', path: '/usr/bin/node', arguments: ['node', 'a.js'], uid: 1000, ancestors: [] },
    source: { address: '198.18.0.2', port: 40000 },
    destination: { address: '203.0.113.7', port: 80 },
    host: 'api.example.com',
    inbound: false,
    capture: '',
    openedAt: t0,
    connectedAt: t0 + 1000,
    closedAt: t0 + 50_000,
    bytesUp: 0,
    bytesDown: 0,
    datagramsUp: 0,
    datagramsDown: 0,
    state: 'closed',
    reason: 'eof',
    error: 0,
    errorText: '',
    rule: '',
    ...over,
  };
}

export class FakeSource implements FlowSource {
  readonly flows = new Map<number, Flow>();
  private readonly bodies = new Map<string, PayloadChunk[]>();

  add(flow: Flow, payload: { up?: PayloadChunk[]; down?: PayloadChunk[] } = {}): Flow {
    this.flows.set(flow.id, flow);
    for (const direction of ['up', 'down'] as const)
      this.bodies.set(`${flow.id}${direction}`, payload[direction] ?? []);
    return flow;
  }
  flow(id: number): Flow | undefined {
    return this.flows.get(id);
  }
  body(id: number, direction: 'up' | 'down') {
    return { chunks: this.bodies.get(`${id}${direction}`) ?? [], truncated: false };
  }
}

export const chunk = (offset: number, bytes: Uint8Array | string, at: number, length?: number): PayloadChunk => {
  const b = typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'latin1')) : bytes;
  return { offset, bytes: b, at, length: length ?? b.length };
};
