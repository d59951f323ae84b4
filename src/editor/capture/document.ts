// An opened capture file: a store of its own that fills while the file is read. Imports no vscode.
import { CaptureLoad, type LoadResult } from '../../capture/load.ts';
import { FlowStore, type StoreLimits } from '../../flow/store.ts';
import { bytesText } from '../../flow/text.ts';
import { payloadCodec } from '../../node/payloadCodec.ts';
import { readCapture } from '../../node/readCapture.ts';
import type { Translate } from '../sidebar/text.ts';

/** Payload kept of each direction of a flow, in bytes: what people look at. */
const bodyLimit = 1 << 20;

export class LoadedCapture {
  readonly store: FlowStore;
  private readonly file: string;
  private readonly t: Translate;
  private readonly listeners = new Set<() => void>();
  private cancelled = false;
  private read = 0;
  private size = 0;
  private result: LoadResult | undefined;
  /** Why the file could not be read. */
  private failure = '';

  constructor(file: string, limits: StoreLimits, t: Translate) {
    this.file = file;
    this.t = t;
    this.store = new FlowStore(limits, { schedule: () => {}, codec: payloadCodec }); // the load delivers its batches
  }

  onDidChange(listener: () => void): void {
    this.listeners.add(listener);
  }
  /** What was read until then stays. */
  cancel(): void {
    this.cancelled = true;
  }

  /** Resolves when the file has been read or given up; never rejects: the page says what went wrong. */
  async load(onProgress: (share: number) => void): Promise<void> {
    try {
      this.result = await readCapture(this.file, new CaptureLoad(this.store, { bodyLimit }), (read, size) => {
        [this.read, this.size] = [read, size];
        onProgress(this.progress ?? 0);
        this.changed();
        return !this.cancelled;
      });
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }
  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private get done(): boolean {
    return this.result !== undefined || this.failure !== '';
  }
  /** 0 to 1 while it is being read. */
  get progress(): number | undefined {
    return this.done ? undefined : this.size > 0 ? Math.min(1, this.read / this.size) : 0;
  }
  /** Microseconds: when the capture ended, for the flows that were still open then. */
  get endsAt(): number {
    return this.result?.lastAt || Date.now() * 1000;
  }
  /** What went wrong and what is missing, in words. */
  get warnings(): string[] {
    const { t, result, failure } = this;
    if (failure) return [t('The file cannot be read: {0}', failure)];
    if (!result) return [];
    const { streams, passed, error } = result;
    const count = Object.values(passed).reduce((sum, n) => sum + n, 0);
    const { bodyBytes } = this.store.evicted;
    return [
      error ? t('{0}; only what comes before it is shown', error.message) : '',
      this.cancelled && !error ? t('Only the first {0} were read', bytesText(this.read)) : '',
      streams.lost > 0 ? t('{0} of payload are missing in the capture', bytesText(streams.lost)) : '',
      streams.retransmitted > 0 ? t('packets sent again: {0}', streams.retransmitted) : '',
      streams.reordered > 0 ? t('packets out of order: {0}', streams.reordered) : '',
      streams.overlapping > 0 ? t('packets that overlap: {0}', streams.overlapping) : '',
      count > 0 ? t('packets passed over: {0} ({1})', count, Object.entries(passed).map(([why, n]) => `${why}: ${n}`).join(', ')) : '', // prettier-ignore
      bodyBytes > 0 ? t('{0} of older payload were let go', bytesText(bodyBytes)) : '',
    ].filter(Boolean);
  }
}
