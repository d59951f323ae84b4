// The rows that were fetched, by index. Rows are held by page, so memory is bounded, and asked for by range: one request
// at a time, for what is in view by then. While one scrolls, places that were passed are never asked for.
import { pageRows, type PanelRow } from '../../protocol/panel.ts';

const maxPages = 64;
/** Fetched at once where one comes to by scrolling on: a row that is drawn before it is there is drawn twice. */
const pagesAhead = 3;

interface Page {
  version: number;
  rows: (PanelRow | undefined)[];
}
export interface Fetched {
  readonly version: number;
  readonly from: number;
  readonly rows: readonly PanelRow[];
}
export type Fetch = (from: number, to: number) => Promise<Fetched>;

interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly forward: boolean;
}

export class RowCache {
  private pages = new Map<number, Page>(); // least recently used first
  private readonly fetch: Fetch;
  private readonly onDidLoad: () => void;
  private version = 0;
  private wanted: Wanted = { from: 0, to: 0, end: 0, forward: true };
  private loading = false;

  constructor(fetch: Fetch, onDidLoad: () => void) {
    this.fetch = fetch;
    this.onDidLoad = onDidLoad;
  }

  /** What is held may be out of date from now on, or mean other rows: it is shown until the new rows come. */
  outdated(version: number): void {
    this.version = version;
  }
  /** Undefined while the row is on its way. */
  get(index: number): PanelRow | undefined {
    return this.pages.get(Math.floor(index / pageRows))?.rows[index % pageRows];
  }

  /**
   * Every row is `by` further down (negative: up) than it was. Rows far from those in view are let go: many move with
   * every batch once the store is full, and they would be asked for again anyway.
   */
  move(by: number): void {
    const moved = new Map<number, Page>();
    const near = pagesAhead * pageRows;
    const [low, high] = [Math.max(0, this.wanted.from - near), this.wanted.to + near];
    for (const [page, { rows }] of this.pages)
      rows.forEach((row, i) => {
        const index = page * pageRows + i + by;
        if (!row || index < low || index >= high) return;
        const to = Math.floor(index / pageRows);
        let target = moved.get(to);
        if (!target) moved.set(to, (target = { version: -1, rows: [] }));
        target.rows[index % pageRows] = row;
      });
    this.pages = moved;
  }

  /** Rows [from, to) are these; where they are fewer, the list ends. Pages that they do not fill stay out of date. */
  put({ version, from, rows }: Fetched, to: number): void {
    for (let page = Math.max(0, Math.floor(from / pageRows)); page * pageRows < from + rows.length; page++) {
      const first = page * pageRows;
      const held = this.pages.get(page) ?? { version: -1, rows: [] };
      this.pages.delete(page);
      this.pages.set(page, held);
      if (from <= first && first + pageRows <= to) held.version = version;
      for (let i = Math.max(0, from - first); i < pageRows && first + i < to; i++)
        held.rows[i] = rows[first + i - from];
    }
    while (this.pages.size > maxPages) this.pages.delete(this.pages.keys().next().value!);
  }

  /** Asks for what is missing or out of date among rows [from, to), then for what comes next; the list ends at `end`. */
  want(from: number, to: number, end: number): void {
    const { wanted } = this;
    this.wanted = { from, to, end, forward: from === wanted.from ? wanted.forward : from > wanted.from };
    if (!this.loading) void this.load();
  }

  private async load(): Promise<void> {
    this.loading = true;
    try {
      for (let range = this.missing(); range; range = this.missing()) {
        const fetched = await this.fetch(range.from, range.to);
        const { from, rows } = fetched;
        if (rows.length === 0) return;
        // The list ends where they are fewer.
        this.put(fetched, rows.length < range.to - range.from ? Infinity : from + rows.length);
        this.onDidLoad();
      }
    } catch {
      // asked again with the next change
    } finally {
      this.loading = false;
    }
  }

  private missing(): { readonly from: number; readonly to: number } | undefined {
    const { from, to, end, forward } = this.wanted;
    const [first, last] = [Math.floor(from / pageRows), Math.ceil(to / pageRows)];
    const [low, high] = forward ? [last, last + pagesAhead] : [first - pagesAhead, first];
    const pages =
      this.among(first, last, (page) => (page?.version ?? -1) < this.version) ??
      // What is only out of date is asked for again when it is seen.
      (this.pages.has(forward ? low : high - 1)
        ? undefined
        : this.among(Math.max(0, low), Math.min(high, Math.ceil(end / pageRows)), (page) => !page));
    return pages && { from: pages.from * pageRows, to: pages.to * pageRows };
  }

  /** From the first to the last of these pages of which it holds. */
  private among(
    from: number,
    to: number,
    holds: (page: Page | undefined) => boolean,
  ): { from: number; to: number } | undefined {
    let found: { from: number; to: number } | undefined;
    for (let page = from; page < to; page++)
      if (holds(this.pages.get(page))) found = { from: found?.from ?? page, to: page + 1 };
    return found;
  }
}
