// One panel's conversation with its webview: answers requests over a store and a view of it. Imports no vscode.
import type { Decoder } from '../../dissect/content.ts';
import { dissectFlow } from '../../dissect/feed.ts';
import type { Flow, FlowId } from '../../flow/model.ts';
import { translatedError } from '../../flow/query/ast.ts';
import { completeQuery } from '../../flow/query/complete.ts';
import { parseQuery } from '../../flow/query/parse.ts';
import { sortColumns } from '../../flow/sort.ts';
import type { FlowStore } from '../../flow/store.ts';
import { FlowView } from '../../flow/view.ts';
import { maxSelected, pageRows } from '../../protocol/panel.ts';
import type { Method, PanelPlace, PanelRows, PanelState, Requests, ToHost, ToWebview } from '../../protocol/panel.ts';
import type { Translate } from '../sidebar/text.ts';
import { detailOf, messageBody, rowOf } from './detail.ts';
import { streamOf } from './stream.ts';
import { timeline } from './timeline.ts';

export interface PanelHost {
  readonly command: (params: Requests['command']['params']) => Promise<void>;
  readonly now: () => number;
  readonly decoders: Readonly<Record<string, Decoder>>;
  readonly t: Translate;
  /** What the panel shows: "live", or a file. */
  readonly source: () => string;
  readonly progress: () => number | undefined;
  readonly warnings?: () => readonly string[];
  readonly endsAt?: () => number;
  readonly bodyLimit?: () => number;
  readonly place: () => PanelPlace;
  /** What the page wants to find again, however it comes back. */
  readonly remember: (state: unknown) => void;
  readonly remembered: () => unknown;
}

/** The panel hears of changes at most this often, in milliseconds, and never before it has taken the ones before. */
const stateEvery = 16;
const maxRowsPerRequest = 20_000;
const maxSeen = 200;
/** Of the newest rows, a page is sent so many unasked. */
const maxFollowed = 1000;

type Handlers = {
  [M in Method]: (params: Requests[M]['params']) => Requests[M]['result'] | Promise<Requests[M]['result']>;
};

export class PanelSession {
  readonly view: FlowView;
  private readonly store: FlowStore;
  private readonly host: PanelHost;
  private query = '';
  /** The query whose rows are shown. */
  private shownQuery = '';
  private version = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private toldAt = -Infinity;
  /** A state is on its way that the page has not taken yet. */
  private untaken = false;
  /** The version that the page was told of. */
  private told = 0;
  /** So many of the newest rows the page follows. */
  private follows = 0;
  private disposed = false;
  private post: (message: ToWebview) => void = () => {};
  /** Events for a page that is not there, or has not said it is ready; undefined once it has. */
  private waiting: ToWebview[] | undefined = [];
  private readonly token = Math.random().toString(36).slice(2);

  constructor(store: FlowStore, host: PanelHost) {
    this.store = store;
    this.host = host;
    this.view = new FlowView(store, { now: host.now, later: (work, ms) => void setTimeout(work, ms) });
    this.view.onDidChange(() => this.changed());
  }

  /** A page that is about to load takes the place of the one before. */
  attach(post: (message: ToWebview) => void): void {
    this.post = post;
    this.waiting ??= [];
  }
  /** The page is gone until it says again that it is ready: VS Code keeps no page that cannot be seen. */
  hidden(): void {
    this.waiting ??= [];
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    this.view.dispose();
  }

  /** Answers a request; a message that is none is ignored. Never rejects. */
  async receive(message: ToHost): Promise<void> {
    if (message?.kind === 'taken') return this.taken(message.newest);
    if (message?.kind !== 'request' || !Object.hasOwn(this.handlers, message.method)) return;
    try {
      const handler = this.handlers[message.method] as (params: unknown) => unknown;
      const result = await handler(message.params);
      if (!this.disposed) this.post({ kind: 'answer', id: message.id, result });
    } catch (error) {
      if (!this.disposed)
        this.post({
          kind: 'answer',
          id: message.id,
          error: error instanceof Error ? error.message : String(error),
        });
    }
  }

  /** "Reveal in panel". Waits for a page that is still loading. */
  reveal(id: FlowId): void {
    this.say({ kind: 'reveal', id });
  }
  /** Puts a query into the bar. */
  ask(query: string): void {
    this.say({ kind: 'query', query });
  }
  private say(event: ToWebview): void {
    if (this.waiting) this.waiting.push(event);
    else this.post(event);
  }

  /** Something the panel shows besides the rows has changed: the source, the progress. */
  changed(): void {
    this.version++;
    if (this.waiting || this.timer || this.untaken) return;
    // At once after a quiet time, so that a new flow waits for one timer only, the store's.
    const wait = this.toldAt + stateEvery - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.tell(), wait);
    else this.tell();
  }
  private tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.disposed || this.waiting) return;
    this.toldAt = performance.now();
    this.told = this.version;
    this.untaken = true;
    const newest = this.newest();
    this.post({ kind: 'state', state: this.state(), ...(newest && { newest }) });
  }
  private taken(newest: number): void {
    this.untaken = false;
    this.follows = Number.isInteger(newest) ? Math.max(0, Math.min(newest, maxFollowed)) : 0;
    if (this.told === this.version || this.waiting || this.timer) return;
    this.version--; // changed() counts it
    this.changed();
  }

  /** The rows that the page would ask for next. */
  private newest(): PanelRows | undefined {
    const { sort, sorting, count } = this.view;
    if (this.follows === 0 || sorting || sort.column !== 'start') return undefined;
    if (sort.descending) return this.rows(0, Math.ceil(this.follows / pageRows) * pageRows);
    return this.rows(Math.floor(Math.max(0, count - this.follows) / pageRows) * pageRows, count);
  }
  private rows(from: number, to: number): PanelRows {
    const { version, view, store } = this;
    const rows = view.slice(from, to).flatMap((id) => store.flow(id) ?? []);
    return { version, from, rows: JSON.stringify(rows.map(rowOf)), count: view.count, shifted: view.shifted };
  }

  private state(): PanelState {
    const { t } = this.host;
    const { evicted, dropped } = this.store;
    if (!this.view.searching) this.shownQuery = this.query;
    const progress = this.host.progress();
    const warnings = [
      ...(this.host.warnings?.() ?? []),
      evicted.flows > 0 ? t('older flows let go: {0}', evicted.flows) : '',
      dropped.frames > 0 ? t('pieces of payload dropped: {0}', dropped.frames) : '',
    ];
    return {
      count: this.view.count,
      total: this.store.size,
      query: this.shownQuery,
      sort: this.view.sort,
      sorting: this.view.busy,
      version: this.version,
      shifted: this.view.shifted,
      place: this.host.place(),
      store: this.token,
      source: this.host.source(),
      warning: warnings.filter(Boolean).join(' · '),
      ...(this.host.endsAt && { now: this.host.endsAt() }),
      ...(progress !== undefined && { progress }),
    };
  }

  private readonly handlers: Handlers = {
    ready: () => {
      const waiting = this.waiting ?? [];
      this.waiting = undefined;
      this.untaken = false;
      this.follows = 0;
      this.told = this.version;
      setTimeout(() => waiting.forEach((event) => this.post(event)), 0); // after the answer
      return { state: this.state(), remembered: this.host.remembered() };
    },
    remember: ({ state }) => {
      this.host.remember(state);
      return {};
    },
    rows: ({ from, to }) => {
      const start = Math.max(0, Math.floor(from));
      return this.rows(start, Math.min(to, start + maxRowsPerRequest));
    },
    setQuery: ({ query }) => {
      const parsed = parseQuery(query.trim(), this.host.now());
      if (parsed.error) {
        // Places are counted in what was typed.
        const shift = query.length - query.trimStart().length;
        const error = translatedError(parsed.error, this.host.t);
        return { error: { ...error, start: error.start + shift, end: error.end + shift } };
      }
      if (query.trim() !== this.query) {
        this.query = query.trim();
        this.view.setQuery(parsed.query);
      }
      return {};
    },
    complete: ({ query, cursor }) => completeQuery(query, cursor, (field) => this.seen(field), this.host.t),
    setSort: ({ column, descending }) => {
      const { sort } = this.view;
      if (!sortColumns.includes(column)) throw new RangeError(`no column ${String(column)}`);
      if (column !== sort.column || descending !== sort.descending) this.view.setSort({ column, descending });
      return {};
    },
    indexOf: ({ id }) => this.view.indexOf(id),
    ids: ({ from, to }) => {
      const start = Math.max(0, Math.floor(from));
      return this.view.slice(start, Math.min(to, start + maxSelected));
    },
    detail: ({ id, stamp }) => {
      const flow = this.store.flow(id);
      if (!flow) return undefined;
      const present = this.stamp(flow);
      if (present === stamp) return 'unchanged';
      return detailOf(flow, dissectFlow(flow, this.store), present, this.host);
    },
    body: ({ id, message, side }) => {
      const flow = this.store.flow(id);
      return flow && messageBody(dissectFlow(flow, this.store).messages[message], side ?? 'response', this.host);
    },
    stream: ({ id }) => streamOf(this.store, id),
    timeline: ({ slices, from, to }) => timeline(this.store, slices, this.host.now(), from, to),
    command: async (params) => {
      await this.host.command(params);
      return {};
    },
  };

  /** Differs once anything is different that the detail is made of. */
  private stamp(flow: Flow): string {
    let held = 0;
    for (const direction of ['up', 'down'] as const)
      for (const { bytes } of this.store.body(flow.id, direction).chunks) held += bytes.length;
    const { application } = flow;
    return [flow.id, flow.state, flow.connectedAt, flow.bytesUp, flow.bytesDown, flow.datagramsUp, flow.datagramsDown, flow.lost?.bytesUp, flow.lost?.bytesDown, flow.host, application?.protocol, application?.summary, held].join('|'); // prettier-ignore
  }

  /** Values for completion, out of the newest flows: cheap, and most likely what is looked for. */
  private seen(field: string): string[] {
    const of: Record<string, (id: FlowId) => string | undefined> = {
      process: (id) => this.store.flow(id)?.process.name,
      host: (id) => this.store.flow(id)?.host,
      address: (id) => this.store.flow(id)?.destination.address,
      capture: (id) => this.store.flow(id)?.capture,
      path: (id) => this.store.flow(id)?.process.path,
    };
    const read = of[field];
    if (!read) return [];
    const found = new Set<string>();
    for (
      let id = this.store.end - 1;
      id >= Math.max(this.store.first, this.store.end - 2000) && found.size < maxSeen;
      id--
    ) {
      const value = read(id);
      if (value) found.add(value);
    }
    return [...found];
  }
}
