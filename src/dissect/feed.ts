// A stored flow's payload into a dissection, holes included: all of it at once, or what is new.
import type { Flow, FlowId, Microseconds } from '../flow/model.ts';
import { FlowDissection } from './flowDissection.ts';
import { dissectors } from './registry.ts';

export interface PayloadChunk {
  /** Of the first byte, in its direction's payload. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly at: Microseconds;
  /** Of a datagram that was cut, more than `bytes`. */
  readonly length: number;
}
/** What is needed of a FlowStore. */
export interface PayloadSource {
  body(id: FlowId, direction: 'up' | 'down'): { readonly chunks: readonly PayloadChunk[] };
}

const directions = ['up', 'down'] as const;

/** A flow's dissection and how far it has come. */
export class FedDissection {
  readonly dissection: FlowDissection;
  private readonly fed = { up: 0, down: 0 };

  constructor(flow: Flow) {
    this.dissection = new FlowDissection(dissectors, flow.protocol, flow.destination.port);
  }

  /** Feeds what came since the last call, both directions by time: a response must not come before its request. */
  feed(flow: Flow, source: PayloadSource): void {
    const { dissection, fed } = this;
    const total = { up: flow.bytesUp, down: flow.bytesDown };
    const fresh = directions
      .filter((direction) => total[direction] > fed[direction])
      .flatMap((direction) => source.body(flow.id, direction).chunks.map((chunk) => ({ direction, chunk })))
      .filter(({ direction, chunk }) => chunk.offset + chunk.length > fed[direction])
      .sort((a, b) => a.chunk.at - b.chunk.at);
    for (const { direction, chunk } of fresh) {
      if (chunk.offset > fed[direction]) dissection.gap(direction, chunk.offset - fed[direction], chunk.at);
      // Of a flow that goes on bytes are held for what is to come: a copy, as a view would keep a whole segment of the
      // store alive.
      dissection.data(direction, flow.state === 'open' ? chunk.bytes.slice() : chunk.bytes, chunk.at);
      fed[direction] = Math.max(fed[direction], chunk.offset + chunk.length);
    }
    if (flow.state === 'open') return;
    for (const direction of directions) {
      if (total[direction] > fed[direction])
        dissection.gap(direction, total[direction] - fed[direction], flow.closedAt);
      dissection.end(direction, flow.closedAt);
    }
  }
}

/** The whole of a flow at once. */
export function dissectFlow(flow: Flow, source: PayloadSource): FlowDissection {
  const fed = new FedDissection(flow);
  fed.feed(flow, source);
  return fed.dissection;
}
