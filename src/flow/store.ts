// Flows in columns, fed straight from the wire.
import type { Disposable, FlowChanges } from './changes.ts';
import type { Flow, FlowId, Microseconds } from './model.ts';

export interface StoreLimits {
  /** Flows held; the oldest go first. Default 1,000,000. */
  readonly flows: number;
  /** Memory for payload, in bytes; the oldest go first. Default 256 MiB. */
  readonly bodyBytes: number;
}

export interface StoreHost {
  /** Asked once per batch to call `flush` later: `(flush) => setTimeout(flush, 100)`. Default: a microtask. */
  readonly schedule?: (flush: () => void) => void;
  /** The time for flows the store itself ends as lost. Default: the system's clock. */
  readonly now?: () => Microseconds;
}

export interface BodyChunk {
  /** Of the first byte, in its direction's payload. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly at: Microseconds;
  /** UDP: the datagram's own size, which may be more than `bytes`. TCP: that of `bytes`. */
  readonly length: number;
}
export interface Body {
  readonly chunks: readonly BodyChunk[];
  /** True where payload is missing: over the proxy's limit, dropped, or evicted. */
  readonly truncated: boolean;
}

export declare class FlowStore {
  constructor(limits?: Partial<StoreLimits>, host?: StoreHost);
  /** A proxy that flows come from; its number goes with every frame. */
  addSource(): number;
  /** Takes one ProxyFrame, bytes [start, end). Frames that are not of flows are ignored. Throws where it is malformed. */
  feed(source: number, bytes: Uint8Array, start?: number, end?: number): void;
  /** The proxy is gone: its live flows close as 'lost'. A later snapshot may bring them back to life. */
  sourceLost(source: number): void;
  /** Forgets ended flows. Live ones stay, in new rows. */
  clear(): void;
  /** Rows are [first, end). Ids are consecutive and never used again. */
  get first(): FlowId;
  get end(): FlowId;
  get size(): number;
  get liveCount(): number;
  flow(id: FlowId): Flow | undefined;
  body(id: FlowId, direction: 'up' | 'down'): Body;
  /** What a dissector found out; `host` replaces the flow's host. Unknown ids are ignored. */
  setApplication(id: FlowId, protocol: string, summary: string, host?: string): void;
  /** What the proxies say they left out. */
  get dropped(): { readonly frames: number; readonly bytes: number };
  /** What this store let go because of its limits. */
  get evicted(): { readonly flows: number; readonly bodyBytes: number };
  onDidChange(listener: (changes: FlowChanges) => void): Disposable;
  /** Delivers the batch now. */
  flush(): void;
}
