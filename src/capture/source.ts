// What exporters read from: the flow store, or anything alike.
import type { Flow, FlowId, Microseconds } from '../flow/model.ts';

export interface PayloadChunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly at: Microseconds;
  readonly length: number;
}
export interface Payload {
  readonly chunks: readonly PayloadChunk[];
  readonly truncated: boolean;
}
export interface FlowSource {
  flow(id: FlowId): Flow | undefined;
  body(id: FlowId, direction: 'up' | 'down'): Payload;
}
