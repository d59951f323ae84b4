// A client's side of one proxy: connect, hello, subscribe, and connect again when it is lost.
import type net from 'node:net';
import {
  ProxyFrame,
  Reader,
  RefusedCode,
  type ClientFrame,
  type ProxyStatus,
  type Refused,
  type Rules,
  type Subscribe,
  type Welcome,
} from '../../gen/flow_pb.ts';
import type { Disposable } from '../flow/changes.ts';
import { problem, ProblemError, type Problem } from '../proxy/problems.ts';
import { Emitter } from './emitter.ts';
import { encodeClientFrame, FrameReader } from './framing.ts';
import { Requests } from './requests.ts';
import { Retry, type Watch } from './retry.ts';

/** Versions of the wire that this client speaks. */
export const wireVersions: readonly number[] = [1];
const answerTimeout = 5000;

export type SessionState =
  /** Nothing is connected. `waiting`: the session connects as soon as a proxy appears. */
  | { readonly kind: 'stopped'; readonly waiting: boolean }
  /** The proxy is being started. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly welcome: Welcome; readonly status: ProxyStatus | undefined }
  /** It broke, or cannot be reached; the session keeps trying. */
  | { readonly kind: 'lost'; readonly problem: Problem }
  /** The proxy is there and does not want this client. Only `busy` is tried again without start(). */
  | { readonly kind: 'refused'; readonly problem: Problem; readonly versions: readonly number[] }
  /** It cannot work here until somebody does something: start() tries again. */
  | { readonly kind: 'unavailable'; readonly problem: Problem };

/** One ProxyFrame is bytes [start, end) of a buffer that is only valid during the call. */
export type FrameListener = (bytes: Uint8Array, start: number, end: number) => void;

export interface SessionOptions {
  /** "vscode", "cli", ... */
  readonly client: string;
  /** The client's version. */
  readonly build: string;
  /** Where the rendezvous asks for one. */
  readonly token?: Uint8Array;
  /** Reaches the proxy. Rejects with a ProblemError, or with a `code`: ENOSERVICE where there is no proxy. */
  readonly connect: () => Promise<net.Socket>;
  /** Sent after every welcome; without it the session only asks and tells. */
  readonly subscribe?: Partial<Subscribe>;
  readonly watch?: Watch;
}

/** Members of ProxyFrame that the session itself reads, by the first byte of the frame: field number × 8 + 2. */
const own: ReadonlySet<number> = new Set([1, 2, 10, 12].map((member) => member * 8 + 2));

export class Session {
  readonly #options: SessionOptions;
  readonly #changed = new Emitter<[SessionState]>();
  readonly #received = new Emitter<[Uint8Array, number, number]>();
  readonly #retry: Retry;
  readonly #statuses = new Requests<ProxyStatus>();
  readonly #rules = new Requests<Rules>();
  readonly #ends = new Requests<void>();
  #state: SessionState = { kind: 'stopped', waiting: false };
  #subscription: Partial<Subscribe> | undefined;
  #socket: net.Socket | undefined;
  #helloTimer: NodeJS.Timeout | undefined;
  /** Counts connections and stops; what belongs to an earlier one is ignored. */
  #era = 0;
  /** The proxy was asked to stop, or said that it does. */
  #stopping = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#subscription = options.subscribe;
    this.#retry = new Retry(options.watch);
  }

  get state(): SessionState {
    return this.#state;
  }

  onDidChangeState(listener: (state: SessionState) => void): Disposable {
    return this.#changed.listen(listener);
  }

  /** Every frame after the welcome. A listener that throws ends the connection: the frame was malformed. */
  onDidReceive(listener: FrameListener): Disposable {
    return this.#received.listen(listener);
  }

  /**
   * Connects and stays connected. `ensure` starts the proxy first (state 'starting') and may reject with a
   * ProblemError. Does nothing where the session is live or on its way already, unless there is something to ensure.
   */
  start(ensure?: () => Promise<void>): void {
    const { kind } = this.#state;
    if (kind === 'live' || kind === 'starting' || (kind === 'connecting' && !ensure)) return;
    this.#retry.reset();
    const era = this.#abandon();
    if (!ensure) {
      this.#set({ kind: 'connecting' });
      void this.#connect(era);
      return;
    }
    this.#set({ kind: 'starting' });
    void ensure().then(
      () => {
        if (era !== this.#era) return;
        this.#set({ kind: 'connecting' });
        void this.#connect(era);
      },
      (error: unknown) => {
        if (era === this.#era) this.#set({ kind: 'unavailable', problem: problemOf(error, 'start-failed') });
      },
    );
  }

  /** Disconnects and stays so. */
  stop(): void {
    this.#retry.reset();
    this.#abandon();
    this.#set({ kind: 'stopped', waiting: false });
  }

  dispose(): void {
    this.stop();
    this.#changed.dispose();
    this.#received.dispose();
  }

  /** False where there is no connection. */
  send(frame: Partial<ClientFrame>): boolean {
    if (this.#state.kind !== 'live' || !this.#socket) return false;
    this.#socket.write(encodeClientFrame(frame));
    return true;
  }

  /** Resolves once live; rejects with a ProblemError on 'refused', 'unavailable', stop(), or when time is up. */
  ready(timeoutMs = 15_000): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        listening.dispose();
        action();
      };
      const look = (state: SessionState): void => {
        if (state.kind === 'live') settle(() => resolve(state.welcome));
        else if (state.kind === 'refused' || state.kind === 'unavailable')
          settle(() => reject(new ProblemError(state.problem)));
        else if (state.kind === 'stopped' && !state.waiting)
          settle(() => reject(new ProblemError(problem('not-running'))));
      };
      const timer = setTimeout(() => {
        const state = this.#state;
        const late = problem(state.kind === 'stopped' ? 'not-running' : 'no-answer', `${timeoutMs / 1000} s`);
        settle(() => reject(new ProblemError(state.kind === 'lost' ? state.problem : late)));
      }, timeoutMs);
      const listening = this.#changed.listen(look);
      look(this.#state);
    });
  }

  /** Changes the subscription now and for later connections; a new snapshot follows. */
  subscribe(subscription: Partial<Subscribe>): void {
    this.#subscription = subscription;
    this.send({ subscribe: subscription as Subscribe });
  }

  requestStatus(timeoutMs = answerTimeout): Promise<ProxyStatus> {
    return this.#ask(this.#statuses, { getStatus: {} }, timeoutMs);
  }

  rules(timeoutMs = answerTimeout): Promise<Rules> {
    return this.#ask(this.#rules, { listRules: {} }, timeoutMs);
  }

  setRules(text: string, timeoutMs = answerTimeout): Promise<Rules> {
    return this.#ask(this.#rules, { setRules: { text } }, timeoutMs);
  }

  /** Stops the proxy; resolves when the connection has ended. The state is then 'stopped', waiting. */
  stopProxy(timeoutMs = answerTimeout): Promise<void> {
    this.#stopping = this.#state.kind === 'live';
    return this.#ask(this.#ends, { stop: {} }, timeoutMs);
  }

  /** Asks for a synthetic flow: it arrives like any other. False where there is no connection. */
  probe(nonce: number): boolean {
    return this.send({ probe: { nonce } });
  }

  #ask<T>(requests: Requests<T>, frame: Partial<ClientFrame>, timeoutMs: number): Promise<T> {
    if (!this.send(frame)) return Promise.reject(new ProblemError(problem('not-running')));
    return requests.ask(timeoutMs);
  }

  // ---- one connection ----

  async #connect(era: number): Promise<void> {
    let socket: net.Socket;
    try {
      socket = await this.#options.connect();
    } catch (error) {
      if (era === this.#era) this.#failed(era, error);
      return;
    }
    if (era !== this.#era) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    const reader = new FrameReader((bytes, start, end) => {
      if (era === this.#era) this.#frame(era, bytes, start, end);
    });
    let cause = 'it closed the connection';
    socket.on('data', (chunk: Uint8Array) => {
      if (era !== this.#era) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#end(era, problem('bad-data', messageOf(error)));
      }
    });
    socket.on('error', (error) => (cause = error.message));
    socket.on('close', () => {
      if (!reader.atBoundary) cause += ' in the middle of a frame';
      this.#end(era, problem('proxy-gone', cause));
    });
    this.#helloTimer = setTimeout(
      () => this.#end(era, problem('no-answer', `${answerTimeout / 1000} s`)),
      answerTimeout,
    );
    const { client, build, token } = this.#options;
    const hello = { versions: [...wireVersions], client, build, token: token ?? new Uint8Array(0) };
    socket.write(encodeClientFrame({ hello }));
  }

  #failed(era: number, error: unknown): void {
    const code = codeOf(error);
    if (error instanceof ProblemError || code === 'EREFUSED') {
      this.#set({ kind: 'unavailable', problem: problemOf(error, 'peer-refused') });
      return;
    }
    const absent = code === 'ENOSERVICE';
    // What broke stays said until there is something new to say.
    if (!absent) this.#set({ kind: 'lost', problem: problem('connect-failed', messageOf(error)) });
    else if (this.#state.kind !== 'lost') this.#set({ kind: 'stopped', waiting: true });
    this.#again(era, absent);
  }

  #again(era: number, absent: boolean): void {
    this.#retry.schedule(() => {
      if (era === this.#era) void this.#connect(era);
    }, absent);
  }

  #frame(era: number, bytes: Uint8Array, start: number, end: number): void {
    if (own.has(bytes[start]!)) {
      const frame = ProxyFrame.decode(Reader.create(bytes.subarray(start, end)));
      if (frame.refused) {
        this.#refused(era, frame.refused);
        return;
      }
      if (frame.welcome) this.#welcomed(frame.welcome);
      if (era !== this.#era) return; // a listener stopped the session
      if (frame.status && this.#state.kind === 'live') {
        this.#set({ ...this.#state, status: frame.status });
        this.#statuses.answer(frame.status);
      }
      if (frame.rules) this.#rules.answer(frame.rules);
    }
    if (this.#state.kind !== 'live') throw new RangeError('a frame came before the welcome');
    if (era === this.#era) this.#received.fire(bytes, start, end);
  }

  #welcomed(welcome: Welcome): void {
    if (!wireVersions.includes(welcome.version)) {
      const detail = `the proxy chose version ${welcome.version}, this client speaks ${wireVersions.join(', ')}`;
      this.#refuse('version-refused', detail, [welcome.version]);
      return;
    }
    clearTimeout(this.#helloTimer);
    this.#retry.held();
    this.#set({ kind: 'live', welcome, status: undefined });
    if (this.#subscription) this.send({ subscribe: this.#subscription as Subscribe });
  }

  #refused(era: number, { code, text, versions }: Refused): void {
    if (code === RefusedCode.stopping) {
      this.#stopping = true;
      this.#end(era, problem('proxy-gone', text));
    } else if (code === RefusedCode.version) this.#refuse('version-refused', text, versions);
    else if (code === RefusedCode.busy) {
      const next = this.#refuse('busy', text, versions);
      if (next === this.#era) this.#again(next, false);
    } else this.#refuse('refused', text || 'it does not say why', versions);
  }

  #refuse(code: 'version-refused' | 'busy' | 'refused', detail: string, versions: number[]): number {
    const reason = problem(code, detail);
    const next = this.#abandon(reason);
    this.#set({ kind: 'refused', problem: reason, versions });
    return next;
  }

  /** The connection is over, and the next one is to come. */
  #end(era: number, reason: Problem): void {
    if (era !== this.#era) return;
    const stopped = this.#stopping;
    const next = this.#abandon(stopped ? undefined : reason);
    this.#set(stopped ? { kind: 'stopped', waiting: true } : { kind: 'lost', problem: reason });
    if (next === this.#era) this.#again(next, true);
  }

  /** Lets go of the connection there is; returns the era that begins. */
  #abandon(reason: Problem = problem('not-running')): number {
    this.#era++;
    clearTimeout(this.#helloTimer);
    this.#retry.cancel();
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#stopping = false;
    this.#ends.answerAll();
    this.#statuses.fail(reason);
    this.#rules.fail(reason);
    return this.#era;
  }

  #set(state: SessionState): void {
    const before = this.#state;
    this.#state = state;
    // One attempt after the other that fails for the same reason is nothing new.
    if (state.kind === 'stopped' && before.kind === 'stopped' && state.waiting === before.waiting) return;
    if (state.kind === 'lost' && before.kind === 'lost' && state.problem.text === before.problem.text) return;
    this.#changed.fire(state);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? (error as NodeJS.ErrnoException).code : undefined;

const problemOf = (error: unknown, otherwise: 'start-failed' | 'peer-refused'): Problem =>
  error instanceof ProblemError ? error.problem : problem(otherwise, messageOf(error));
