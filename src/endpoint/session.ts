// A client's side of one proxy: connect, hello, subscribe, and connect again when it is lost.
import type net from 'node:net';
import type { ClientFrame, ProxyStatus, Rules, Subscribe, Welcome } from '../../gen/flow_pb.ts';
import type { Disposable } from '../flow/changes.ts';
import type { Problem } from '../proxy/problems.ts';

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
  /** Reaches the proxy. Rejects with a `code`: ENOSERVICE where there is none. */
  readonly connect: () => Promise<net.Socket>;
  /** Sent after every welcome; without it the session only asks and tells. */
  readonly subscribe?: Partial<Subscribe>;
  /** Calls `wake` when a proxy may have appeared. Undefined: cannot watch, so ask twice a second. */
  readonly watch?: (wake: () => void) => Disposable | undefined;
}

export declare class Session {
  constructor(options: SessionOptions);
  get state(): SessionState;
  onDidChangeState(listener: (state: SessionState) => void): Disposable;
  /** Every frame after the welcome. A listener that throws ends the connection: the frame was malformed. */
  onDidReceive(listener: FrameListener): Disposable;
  /** Connects and stays connected. `ensure` starts the proxy first (state 'starting'); it may reject with a ProblemError. */
  start(ensure?: () => Promise<void>): void;
  /** Disconnects and stays so. */
  stop(): void;
  dispose(): void;
  /** False where there is no connection. */
  send(frame: Partial<ClientFrame>): boolean;
  /** Resolves once live; rejects with a ProblemError on 'refused', 'unavailable', stop(), or when time is up. */
  ready(timeoutMs?: number): Promise<Welcome>;
  /** Changes the subscription now and for later connections; a new snapshot follows. */
  subscribe(subscription: Partial<Subscribe>): void;
  requestStatus(timeoutMs?: number): Promise<ProxyStatus>;
  /** Stops the proxy; resolves when the connection has ended. The state is then 'stopped', waiting. */
  stopProxy(timeoutMs?: number): Promise<void>;
  rules(timeoutMs?: number): Promise<Rules>;
  setRules(text: string, timeoutMs?: number): Promise<Rules>;
  /** Asks for a synthetic flow: it arrives like any other. */
  probe(nonce: number): boolean;
}
