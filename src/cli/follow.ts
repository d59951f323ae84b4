// Sessions with a store of their own: tells when flows begin and when they end for good.
import { Session } from '../endpoint/session.ts';
import type { Subscribe } from '../../gen/flow_pb.ts';
import type { Flow, FlowId } from '../flow/model.ts';
import { FlowStore } from '../flow/store.ts';
import { payloadCodec } from '../node/payloadCodec.ts';
import type { Way } from '../proxy/local.ts';
import type { Context } from './context.ts';
import type { Matches } from './filter.ts';

export interface FollowOptions {
  readonly subscribe: Partial<Subscribe>;
  /** Only these are told. */
  readonly matches: Matches;
  /** What the payload says, for the flows' hosts and summaries: loaded by the command, as it is large. */
  readonly dissect: (store: FlowStore) => unknown;
  /** Where the flows come from; by default this user's proxy alone. */
  readonly ways?: readonly Way[];
}

export interface FollowListener {
  opened?(flow: Flow): void;
  /** Once per flow. */
  ended?(flow: Flow): void;
}

/** First byte of a SnapshotEnd frame: field 4 of ProxyFrame, with a length. */
const snapshotEnd = 4 * 8 + 2;

export class Follower {
  readonly sessions: readonly Session[];
  readonly store = new FlowStore({}, { codec: payloadCodec });
  readonly #listener: FollowListener;
  readonly #matches: Matches;
  /**
   * Ended as lost with a connection, by session. They may come back with it, so their end is not told yet.
   */
  readonly #lost = new Map<Session, Set<FlowId>>();
  /** The session whose flows the store is ending as lost at this moment. */
  #losing: Session | undefined;

  constructor(context: Context, options: FollowOptions, listener: FollowListener) {
    this.#listener = listener;
    this.#matches = options.matches;
    // First, so that a flow is told with what its last bytes said.
    options.dissect(this.store);
    this.sessions = (options.ways ?? [context.proxy]).map((way) => this.#follow(context, options.subscribe, way));
    this.store.onDidChange(({ opened, closed }) => {
      for (let id = opened.first; id < opened.end; id++) this.#tell(id, (flow) => this.#listener.opened?.(flow));
      const lost = this.#losing && this.#lost.get(this.#losing);
      for (const id of closed) {
        if (lost && this.store.flow(id)?.reason === 'lost') lost.add(id);
        else this.#tell(id, (flow) => this.#listener.ended?.(flow));
      }
    });
  }

  /** The only session there is, or the first one. */
  get session(): Session {
    return this.sessions[0]!;
  }

  #follow(context: Context, subscribe: Partial<Subscribe>, way: Way): Session {
    const source = this.store.addSource();
    const session = new Session({ client: 'cli', build: context.version, ...way, subscribe });
    this.#lost.set(session, new Set());
    session.onDidReceive((bytes, start, end) => {
      this.store.feed(source, bytes, start, end);
      if (bytes[start] === snapshotEnd) this.#settleLost(session);
    });
    session.onDidChangeState(({ kind }) => {
      if (kind === 'live') return;
      this.store.flush();
      this.#losing = session;
      this.store.sourceLost(source);
      this.store.flush();
      this.#losing = undefined;
    });
    return session;
  }

  /** What is lost and did not come back with the snapshot has ended. */
  #settleLost(session: Session): void {
    this.store.flush();
    const lost = this.#lost.get(session)!;
    for (const id of lost)
      this.#tell(id, (flow) => {
        if (flow.state === 'closed') this.#listener.ended?.(flow);
      });
    lost.clear();
  }

  #tell(id: FlowId, tell: (flow: Flow) => void): void {
    const flow = this.store.flow(id);
    if (flow && this.#matches(flow)) tell(flow);
  }

  /** All that match, oldest first. */
  flows(): Flow[] {
    const flows: Flow[] = [];
    for (let id = this.store.first; id < this.store.end; id++) this.#tell(id, (flow) => flows.push(flow));
    return flows;
  }

  /** Ends the sessions and tells the end of what was lost. Returns the flows that are still open. */
  finish(): Flow[] {
    this.store.flush();
    const open = this.flows().filter((flow) => flow.state === 'open');
    for (const session of this.sessions) this.#settleLost(session);
    for (const session of this.sessions) session.dispose();
    return open;
  }
}
