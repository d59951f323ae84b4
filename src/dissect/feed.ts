// A stored flow's payload into a dissection, holes included: all of it at once, or what is new.
import type { Flow, FlowId, Microseconds } from '../flow/model.ts';
import type { Direction, Dissected, Message } from './dissection.ts';
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
  /** `from`: chunks that end before it may be left out. */
  body(id: FlowId, direction: Direction, from?: number): { readonly chunks: readonly PayloadChunk[] };
}

const directions = ['up', 'down'] as const;
/** To a dissector "up" is what the caller says. Of an inbound flow that is what its process gets. */
const outbound = { up: 'up', down: 'down' } as const;
const inbound = { up: 'down', down: 'up' } as const;

/** Both directions by time, each in its own order whatever its times say. */
function* byTime(
  up: readonly PayloadChunk[],
  down: readonly PayloadChunk[],
): Generator<{ direction: Direction; chunk: PayloadChunk }> {
  let [u, d] = [0, 0];
  while (u < up.length || d < down.length) {
    const takeUp = d >= down.length || (u < up.length && up[u]!.at <= down[d]!.at);
    yield takeUp ? { direction: 'up', chunk: up[u++]! } : { direction: 'down', chunk: down[d++]! };
  }
}

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
    const ours = flow.inbound ? inbound : outbound;
    const bytes = { up: flow.bytesUp, down: flow.bytesDown };
    const total = { up: bytes[ours.up], down: bytes[ours.down] };
    const fresh = (direction: Direction): readonly PayloadChunk[] =>
      total[direction] > fed[direction] ? source.body(flow.id, ours[direction], fed[direction]).chunks : [];
    for (const { direction, chunk } of byTime(fresh('up'), fresh('down'))) {
      const known = fed[direction] - chunk.offset;
      if (known >= chunk.length) continue;
      if (known < 0) dissection.gap(direction, -known, chunk.at);
      const rest = known > 0 ? chunk.bytes.subarray(known) : chunk.bytes;
      // Of a flow that goes on bytes are held for what is to come: a copy, as a view would keep a whole segment of the
      // store alive.
      dissection.data(direction, flow.state === 'open' ? rest.slice() : rest, chunk.at);
      const missing = chunk.length - Math.max(0, known) - rest.length;
      if (missing > 0 && flow.protocol === 'tcp') dissection.gap(direction, missing, chunk.at);
      fed[direction] = chunk.offset + chunk.length;
    }
    if (flow.state === 'open') return;
    for (const direction of directions) {
      if (total[direction] > fed[direction])
        dissection.gap(direction, total[direction] - fed[direction], flow.closedAt);
      dissection.end(direction, flow.closedAt);
    }
  }
}

/** The whole of a flow at once. Directions are the flow's: "up" is what its process sent. */
export function dissectFlow(flow: Flow, source: PayloadSource): Dissected {
  const fed = new FedDissection(flow);
  fed.feed(flow, source);
  const { application, messages, notes } = fed.dissection;
  return { application, notes, messages: flow.inbound ? messages.map(turned) : messages };
}

const turned = (message: Message): Message =>
  message.kind === 'http' ? message : { ...message, direction: inbound[message.direction] };
