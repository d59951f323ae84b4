// The rows that were fetched, by index. Rows are asked for by page, so scrolling costs few requests and memory is bounded.
import type { PanelRow } from '../../protocol/panel.ts';

const pageRows = 64;
const maxPages = 32;

interface Page {
  version: number;
  rows: (PanelRow | undefined)[];
  loading: boolean;
}
export type Fetch = (from: number, to: number) => Promise<{ version: number; from: number; rows: readonly PanelRow[] }>;

export class RowCache {
  private pages = new Map<number, Page>(); // least recently used first
  private readonly fetch: Fetch;
  private readonly onDidLoad: () => void;
  private version = 0;

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

  /** Every row is `by` further down (negative: up) than it was. */
  move(by: number): void {
    const moved = new Map<number, Page>();
    for (const [page, { rows }] of this.pages)
      rows.forEach((row, i) => {
        const index = page * pageRows + i + by;
        if (!row || index < 0) return;
        const to = Math.floor(index / pageRows);
        let target = moved.get(to);
        if (!target) moved.set(to, (target = { version: -1, rows: [], loading: false }));
        target.rows[index % pageRows] = row;
      });
    this.pages = moved; // answers that are on their way go to pages that are no longer held
  }

  /** Asks for what is missing or out of date among rows [from, to). */
  want(from: number, to: number): void {
    for (let page = Math.floor(from / pageRows); page * pageRows < to; page++) {
      const held = this.pages.get(page) ?? { version: -1, rows: [], loading: false };
      this.pages.delete(page);
      this.pages.set(page, held);
      if (!held.loading && held.version !== this.version) void this.load(page, held);
    }
    while (this.pages.size > maxPages) this.pages.delete(this.pages.keys().next().value!);
  }

  private async load(page: number, held: Page): Promise<void> {
    held.loading = true;
    try {
      const { version, rows } = await this.fetch(page * pageRows, (page + 1) * pageRows);
      held.rows = [...rows];
      held.version = version;
    } catch {
      held.version = -1; // asked again with the next change
    } finally {
      held.loading = false;
    }
    this.onDidLoad();
  }
}
