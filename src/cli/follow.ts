// A session and a store of its own: tells when flows begin and when they end for good.
import { Session } from '../endpoint/session.ts';
import type { Subscribe } from '../../gen/flow_pb.ts';
import type { Flow, FlowId } from '../flow/model.ts';
import { FlowStore } from '../flow/store.ts';
import type { Context } from './context.ts';
import type { Matches } from './filter.ts';

export interface FollowOptions {
  readonly subscribe: Partial<Subscribe>;
  /** Only these are told. */
  readonly matches: Matches;
  /** What the payload says, for the flows' hosts and summaries: loaded by the command, as it is large. */
  readonly dissect: (store: FlowStore) => unknown;
}

export interface FollowListener {
  opened?(flow: Flow): void;
  /** Once per flow. */
  ended?(flow: Flow): void;
}

/** First byte of a SnapshotEnd frame: field 4 of ProxyFrame, with a length. */
const snapshotEnd = 4 * 8 + 2;

export class Follower {
  readonly session: Session;
  readonly store = new FlowStore();
  readonly #source = this.store.addSource();
  readonly #listener: FollowListener;
  readonly #matches: Matches;
  /** Ended as lost with the connection. They may come back with it, so their end is not told yet. */
  readonly #lost = new Set<FlowId>();

  constructor(context: Context, { subscribe, matches, dissect }: FollowOptions, listener: FollowListener) {
    this.#listener = listener;
    this.#matches = matches;
    // First, so that a flow is told with what its last bytes said.
    dissect(this.store);
    this.session = new Session({ client: 'cli', build: context.version, ...context.proxy, subscribe });
    this.session.onDidReceive((bytes, start, end) => {
      this.store.feed(this.#source, bytes, start, end);
      if (bytes[start] === snapshotEnd) this.#settleLost();
    });
    this.session.onDidChangeState(({ kind }) => {
      if (kind !== 'live') this.store.sourceLost(this.#source);
    });
    this.store.onDidChange(({ opened, closed }) => {
      for (let id = opened.first; id < opened.end; id++) this.#tell(id, (flow) => this.#listener.opened?.(flow));
      for (const id of closed) {
        if (this.store.flow(id)?.reason === 'lost' && this.session.state.kind !== 'live') this.#lost.add(id);
        else this.#tell(id, (flow) => this.#listener.ended?.(flow));
      }
    });
  }

  /** What is lost and did not come back with the snapshot has ended. */
  #settleLost(): void {
    this.store.flush();
    for (const id of this.#lost)
      this.#tell(id, (flow) => {
        if (flow.state === 'closed') this.#listener.ended?.(flow);
      });
    this.#lost.clear();
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

  /** Ends the session and tells the end of what was lost. Returns the flows that are still open. */
  finish(): Flow[] {
    this.store.flush();
    const open = this.flows().filter((flow) => flow.state === 'open');
    this.#settleLost();
    this.session.dispose();
    return open;
  }
}
