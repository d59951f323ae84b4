// A capture file into a flow store, piece by piece: what it holds shows up like live flows, dissected.
import { dissectLive } from '../dissect/live.ts';
import type { FlowStore } from '../flow/store.ts';
import { CaptureError, CaptureReader } from './reader.ts';
import { Replay, type ReplaySink, type ReplaySummary } from './replay.ts';

export interface LoadOptions {
  /** Payload kept of each direction of a flow, in bytes; what comes behind it is counted. */
  readonly bodyLimit: number;
}
export interface LoadResult extends ReplaySummary {
  /** Where the file stopped making sense. What came before it is in the store. */
  readonly error?: CaptureError;
}

/** What a replay tells, for one source of a store. */
export const intoStore = (store: FlowStore, source: number): ReplaySink => ({
  frame: (frame) => store.feed(source, frame),
  payload: (id, direction, offset, bytes, at, length) =>
    store.feedPayload(source, { id, direction, offset, bytes, at, length }),
  segments: (id, counts) => store.setSegments(source, id, counts),
});

/** push() the file's bytes, then end(). The store's limits bound the memory. */
export class CaptureLoad {
  private readonly store: FlowStore;
  private readonly replay: Replay;
  private readonly reader: CaptureReader;
  private readonly dissection: { dispose(): void };
  private error: CaptureError | undefined;

  constructor(store: FlowStore, { bodyLimit }: LoadOptions) {
    this.store = store;
    // Before anything is read: the dissectors see every batch.
    this.dissection = dissectLive(store);
    const source = store.addSource();
    this.replay = new Replay(intoStore(store, source), bodyLimit);
    this.reader = new CaptureReader(this.replay);
  }

  get packets(): number {
    return this.reader.packets;
  }

  /** False once the file has stopped making sense: no more of it is wanted. */
  push(bytes: Uint8Array): boolean {
    this.attempt(() => this.reader.push(bytes));
    // Payload must be dissected before the store's budget lets go of it.
    this.store.flush();
    return this.error === undefined;
  }

  /** Also after a cancel: what was read stays in the store. */
  end(cancelled = false): LoadResult {
    if (!cancelled && !this.error) this.attempt(() => this.reader.end());
    const summary = this.replay.finish();
    this.store.flush();
    this.dissection.dispose();
    this.store.flush();
    return { ...summary, ...(this.error && { error: this.error }) };
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.error = error;
    }
  }
}
