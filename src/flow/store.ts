// Flows in columns, fed straight from the wire: bounded, and says what it let go.
import type { CloseReason } from '../../gen/flow_pb.ts';
import type { Disposable, FlowChanges } from './changes.ts';
import type { FlowDictionaries } from './dictionaries.ts';
import { Ingest, maxName, maxText, type FlowPayload } from './ingest.ts';
import type { ExtraColumns } from './extras.ts';
import {
  closeReasonText,
  type Flow,
  type FlowApplication,
  type FlowId,
  type FlowLost,
  type FlowSegments,
  type Microseconds,
} from './model.ts';
import { Flag, type RowSlice } from './rows.ts';
import type { PayloadCodec } from './segments.ts';
import { defaultLimits, FlowTable, type StoreLimits } from './table.ts';

export { defaultLimits, type StoreLimits };

export interface StoreHost {
  /** Asked once per batch to call `flush` later: `(flush) => setTimeout(flush, 100)`. Default: a microtask. */
  readonly schedule?: (flush: () => void) => void;
  /** The time for flows the store itself ends as lost. Default: the system's clock. */
  readonly now?: () => Microseconds;
  /** Makes payload that is held smaller. Default: it stays as it came. */
  readonly codec?: PayloadCodec | undefined;
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

export class FlowStore {
  readonly #table: FlowTable;
  readonly #ingest: Ingest;

  constructor(limits: Partial<StoreLimits> = {}, host: StoreHost = {}) {
    const now = host.now ?? (() => Date.now() * 1000);
    this.#table = new FlowTable({ ...defaultLimits, ...limits }, host.schedule ?? queueMicrotask, now, host.codec);
    this.#ingest = new Ingest(this.#table);
  }

  // ---- what is there ----

  /** Rows are [first, end). Ids are consecutive and never used again. */
  get first(): FlowId {
    return this.#table.rows.first;
  }
  get end(): FlowId {
    return this.#table.rows.end;
  }
  get size(): number {
    return this.#table.rows.end - this.#table.rows.first;
  }
  get liveCount(): number {
    return this.#table.liveCount;
  }
  /** What the proxies say they left out. */
  get dropped(): { readonly frames: number; readonly bytes: number } {
    return this.#ingest.dropped;
  }
  /** What this store let go because of its limits. */
  get evicted(): { readonly flows: number; readonly bodyBytes: number } {
    return { flows: this.#table.evictedFlows, bodyBytes: this.#table.bodies.evictedBytes };
  }
  /** The columns, for scans: slices in the order of ids. Valid until the next frame or clear(). */
  slices(): Iterable<RowSlice> {
    return this.#table.rows.slices();
  }
  /** What the columns' indices mean. */
  get dictionaries(): FlowDictionaries {
    return this.#table.dictionaries;
  }

  /** What the `extra` column points to. */
  get extras(): ExtraColumns {
    return this.#table.extras;
  }
  /** The slice of one row, where it is there. */
  slice(id: FlowId): RowSlice | undefined {
    const { rows } = this.#table;
    return rows.has(id) ? { group: rows.group(id), from: rows.index(id), to: rows.index(id) + 1 } : undefined;
  }

  has(id: FlowId): boolean {
    return this.#table.rows.has(id);
  }

  flow(id: FlowId): Flow | undefined {
    if (!this.#table.rows.has(id)) return undefined;
    const g = this.#table.rows.group(id);
    const i = this.#table.rows.index(id);
    const { names, addresses, processes, origins } = this.#table.dictionaries;
    const origin = origins.get(g.origin[i]!);
    const extra = g.extra[i]!;
    const protocol = names.get(this.#table.extras.protocol.get(extra));
    const flags = g.flags[i]!;
    return {
      id,
      protocol: flags & Flag.udp ? 'udp' : 'tcp',
      process: processes.get(g.process[i]!),
      source: { address: origin.address, port: g.sourcePort[i]! },
      destination: { address: addresses.get(g.destination[i]!), port: g.destinationPort[i]! },
      host: names.get(g.host[i]!),
      inbound: (flags & Flag.inbound) !== 0,
      capture: origin.capture,
      openedAt: g.openedAt[i]!,
      connectedAt: g.connectedAfter[i] ? g.openedAt[i]! + g.connectedAfter[i] - 1 : 0,
      closedAt: g.closedAt[i]!,
      bytesUp: g.bytesUp[i]!,
      bytesDown: g.bytesDown[i]!,
      datagramsUp: this.#table.extras.datagramsUp.get(extra),
      datagramsDown: this.#table.extras.datagramsDown.get(extra),
      state: flags & Flag.ended ? 'closed' : 'open',
      ...(flags & Flag.ended ? { reason: closeReasonText(g.reason[i] as CloseReason) } : {}),
      error: this.#table.extras.error.get(extra),
      errorText: names.get(this.#table.extras.errorText.get(extra)),
      rule: origin.rule,
      ...(protocol ? { application: this.#application(extra, protocol) } : {}),
      ...this.#lost(extra),
      ...this.#segments(extra),
    };
  }

  #lost(extra: number): { readonly lost?: FlowLost } {
    const { extras } = this.#table;
    const lost = {
      datagramsUp: extras.lostDatagramsUp.get(extra),
      datagramsDown: extras.lostDatagramsDown.get(extra),
      bytesUp: extras.lostBytesUp.get(extra),
      bytesDown: extras.lostBytesDown.get(extra),
    };
    return lost.datagramsUp + lost.datagramsDown > 0 ? { lost } : {};
  }

  #segments(extra: number): { readonly segments?: FlowSegments } {
    const { extras } = this.#table;
    const segments = {
      retransmitted: extras.retransmitted.get(extra),
      reordered: extras.reordered.get(extra),
      overlapping: extras.overlapping.get(extra),
      lost: extras.missing.get(extra),
    };
    return Object.values(segments).some((n) => n > 0) ? { segments } : {};
  }

  #application(extra: number, protocol: string): FlowApplication {
    const { extras, dictionaries } = this.#table;
    const method = dictionaries.names.get(extras.method.get(extra));
    const status = extras.status.get(extra);
    return {
      protocol,
      summary: dictionaries.names.get(extras.summary.get(extra)),
      ...(method && { method }),
      ...(status > 0 && { status: status - 1 }),
      ...(extras.failed.get(extra) === 1 && { failed: true }),
    };
  }

  /** Is payload of it held? */
  holds(id: FlowId): boolean {
    const { rows } = this.#table;
    return rows.has(id) && rows.group(id).body[rows.index(id)] !== 0;
  }

  /** `from`: only the chunks that end behind it; `truncated` then speaks of these. */
  body(id: FlowId, direction: 'up' | 'down', from = 0): Body {
    if (!this.#table.rows.has(id)) return { chunks: [], truncated: false };
    const g = this.#table.rows.group(id);
    const i = this.#table.rows.index(id);
    const pieces = this.#table.bodies.pieces(g.body[i]!, id, direction === 'up' ? 0 : 1, from);
    let whole = true;
    let end = pieces[0] ? Math.min(pieces[0].offset, from) : from;
    for (const { offset, size, bytes } of pieces) {
      if (offset !== end || size !== bytes.length) whole = false;
      end = offset + size;
    }
    const total = (direction === 'up' ? g.bytesUp : g.bytesDown)[i]!;
    const chunks = pieces.map(({ offset, bytes, at, size }) => ({ offset, bytes, at, length: size }));
    return { chunks, truncated: !whole || end < total };
  }

  onDidChange(listener: (changes: FlowChanges) => void): Disposable {
    return this.#table.changes.listen(listener);
  }

  /** Delivers the batch now. */
  flush(): void {
    this.#table.changes.flush();
  }

  // ---- what comes in ----

  /** A proxy that flows come from; its number goes with every frame. */
  addSource(): number {
    return this.#table.addSource();
  }

  /** Takes one ProxyFrame, bytes [start, end). Frames that are not of flows are ignored. Throws where it is malformed. */
  feed(source: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const from = this.#table.sources[source];
    if (!from) throw new RangeError(`no source ${source}`);
    this.#ingest.feed(from, bytes, start, end);
  }

  /** A FlowData frame's content, without its coding. The bytes are copied. */
  feedPayload(source: number, piece: FlowPayload): void {
    const from = this.#table.sources[source];
    if (from) this.#ingest.payload(from, piece);
  }

  /** How the segments of a live flow of a source came. */
  setSegments(source: number, remote: number, segments: FlowSegments): void {
    const { rows, extras, sources } = this.#table;
    const id = sources[source]?.live.get(remote) ?? 0;
    if (id === 0) return;
    const extra = this.#table.extra(rows.group(id), rows.index(id));
    extras.retransmitted.set(extra, segments.retransmitted);
    extras.reordered.set(extra, segments.reordered);
    extras.overlapping.set(extra, segments.overlapping);
    extras.missing.set(extra, segments.lost);
    this.#table.changes.touch(id);
  }

  /** The proxy is gone: its live flows close as 'lost'. A later snapshot may bring them back to life. */
  sourceLost(source: number): void {
    const from = this.#table.sources[source];
    if (from) this.#ingest.lost(from);
  }

  /** What a dissector found out; its `host` replaces the flow's host. Unknown ids are ignored. */
  setApplication(id: FlowId, application: FlowApplication & { readonly host?: string }): void {
    const { rows, dictionaries, extras } = this.#table;
    if (dictionaries.wantSweep) this.#table.sweep();
    if (!rows.has(id)) return;
    const g = rows.group(id);
    const i = rows.index(id);
    const extra = this.#table.extra(g, i);
    extras.protocol.set(extra, dictionaries.nameOf(application.protocol, maxName));
    extras.summary.set(extra, dictionaries.nameOf(application.summary, maxText));
    extras.method.set(extra, dictionaries.nameOf(application.method ?? '', maxName));
    extras.status.set(extra, application.status === undefined ? 0 : application.status + 1);
    extras.failed.set(extra, application.failed ? 1 : 0);
    if (application.host) g.host[i] = dictionaries.nameOf(application.host, maxName);
    this.#table.changes.touch(id);
  }

  /** Forgets ended flows. Live ones stay, in new rows. */
  clear(): void {
    this.#table.clear();
    this.#ingest.dropped = { frames: 0, bytes: 0 };
  }
}
