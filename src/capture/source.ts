// What exporters read from: the flow store, or anything alike.
import type { PayloadSource } from '../dissect/feed.ts';
import type { Flow, FlowId } from '../flow/model.ts';

export type { PayloadChunk } from '../dissect/feed.ts';

export interface FlowSource extends PayloadSource {
  flow(id: FlowId): Flow | undefined;
}
