// The table of flows: an ARIA grid of which only the rows in view exist.
import type { FlowId } from '../../flow/model.ts';
import type { SortColumn } from '../../flow/sort.ts';
import { maxSelected, type PanelRow, type PanelRows, type PanelState } from '../../protocol/panel.ts';
import { element, perFrame } from '../dom.ts';
import { Empty, type EmptyEvents } from './empty.ts';
import { Header } from './header.ts';
import { shown, type ColumnState, type ShownColumn } from './layout.ts';
import { actionOf } from './keys.ts';
import { RowCache, type Fetched } from './rows.ts';
import { extend, noSelection, select, toggle, type Selection } from './selection.ts';
import { Lines } from './lines.ts';
import type { TimeSpan } from './timelineBar.ts';
import { Viewport } from './viewport.ts';
import { overscan, rowPixels } from './window.ts';
import { t } from '../strings.ts';

export interface TableEvents extends EmptyEvents {
  readonly fetch: (from: number, to: number) => Promise<PanelRows>;
  /** Ids of rows [from, to), at most `maxSelected`. */
  readonly ids: (from: number, to: number) => Promise<readonly FlowId[]>;
  /** The host knows where a flow is. */
  readonly indexOf: (id: FlowId) => Promise<number>;
  readonly onDidSelect: (selection: Selection) => void;
  /** Enter or double click. */
  readonly onDidOpen: (id: FlowId) => void;
  /** `row`: the one that the keyboard is at. */
  readonly onDidAskMenu: (x: number, y: number, ids: readonly FlowId[], row: PanelRow | undefined) => void;
  readonly onDidCopy: (ids: readonly FlowId[]) => void;
  readonly onDidSort: (column: SortColumn, descending: boolean) => void;
  readonly onDidChangeLayout: (layout: readonly ColumnState[]) => void;
  readonly onDidChangeFollow: (follow: boolean) => void;
  /** Not all that was asked for could be selected. */
  readonly onDidLimit: (most: number) => void;
}

export class Table {
  readonly root: HTMLElement;
  private readonly events: TableEvents;
  private readonly header: Header;
  /** The grid, and over it what is said where it is empty: a grid may hold rows only. */
  readonly area: HTMLElement;
  private readonly viewport: Viewport;
  private readonly empty: Empty;
  private readonly lines: Lines;
  private readonly attributes = new Map<string, string>();
  private readonly cache: RowCache;
  private columns: ShownColumn[] = [];
  private state: PanelState | undefined;
  private selection: Selection = noSelection;
  private follow = true;
  private span: TimeSpan = { from: 0, to: 1 };
  readonly draw = perFrame(() => this.render());

  constructor(events: TableEvents, layout: readonly ColumnState[]) {
    this.events = events;
    this.empty = new Empty(events);
    this.cache = new RowCache((from, to) => this.fetch(from, to), () => this.draw()); // prettier-ignore
    this.header = new Header({
      onDidSort: events.onDidSort,
      onDidChangeLayout: (next) => {
        this.setLayout(next);
        events.onDidChangeLayout(next);
      },
    });
    this.viewport = new Viewport(this.header.root, {
      onDidScroll: () => this.scrolled(),
      onDidResize: () => this.draw(),
    });
    const { content } = this.viewport;
    this.lines = new Lines(content);
    this.root = element('div', { class: 'table', role: 'grid', tabindex: 0, 'aria-label': t('Flows'), 'aria-multiselectable': 'true' }, this.header.root, this.viewport.root); // prettier-ignore
    this.area = element('div', { class: 'table-area' }, this.root, this.empty.root);
    this.setLayout(layout);
    this.root.addEventListener('keydown', (e) => this.key(e));
    content.addEventListener('mousedown', (e) => this.mouse(e));
    content.addEventListener(
      'dblclick',
      () => this.selection.active !== undefined && events.onDidOpen(this.selection.active),
    );
    this.root.addEventListener('contextmenu', (e) => this.menu(e));
    // The theme and the font are set on these.
    const look = new MutationObserver(() => {
      this.lines.refont();
      this.draw();
    });
    look.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    look.observe(document.body, { attributes: true, attributeFilter: ['class', 'style'] });
  }

  get following(): boolean {
    return this.follow;
  }
  setFollow(follow: boolean): void {
    this.follow = follow;
    this.events.onDidChangeFollow(follow);
    this.draw();
  }

  /** Of the newest rows, so many are to come with each state. */
  get follows(): number {
    return this.followsNewest ? this.viewport.fitting + overscan : 0;
  }
  private get followsNewest(): boolean {
    return this.follow && this.state?.sort.column === 'start';
  }

  /** `reordered`: rows are others now, or in another order. `newest`: rows of this state. */
  setState(state: PanelState, reordered: boolean, newest?: PanelRows): void {
    const before = this.state;
    this.state = state;
    if (before && !reordered && state.sort.column === 'start') this.hold(before, state);
    this.cache.outdated(state.version);
    if (newest) this.cache.put(unpacked(newest), Infinity);
    this.header.setSort(state.sort);
    this.root.setAttribute('aria-busy', String(state.sorting || state.progress !== undefined));
    this.empty.show(state);
    this.draw();
  }

  /** Rows as they are to be counted now: the host may have told of a change that the page has not taken yet. */
  private async fetch(from: number, to: number): Promise<Fetched> {
    const fetched = await this.events.fetch(from, to);
    const by = this.state?.sort.column === 'start' ? movedBy(this.state, fetched) : 0;
    return unpacked({ ...fetched, from: fetched.from - by });
  }

  /** Rows that come and go above those in view must not move them. */
  private hold(before: PanelState, next: PanelState): void {
    const by = movedBy(before, next);
    if (by === 0) return;
    this.cache.move(by);
    if (this.follow || this.viewport.scrollTop === 0) return;
    this.viewport.setRows(next.count);
    this.viewport.scroll(this.viewport.scrollTop + by * rowPixels(next.count));
  }

  /** What the timeline column spans. */
  setSpan(span: TimeSpan): void {
    this.span = span;
    this.draw();
  }
  /** Scrolls to a row and selects its flow. */
  reveal(index: number, id: FlowId): void {
    this.setFollow(false);
    this.moveTo(index);
    this.setSelection(select(id));
  }
  setSelection(selection: Selection): void {
    this.selection = selection;
    this.events.onDidSelect(selection);
    this.draw();
  }
  focus(): void {
    this.root.focus();
  }

  private setLayout(layout: readonly ColumnState[]): void {
    this.columns = shown(layout);
    this.header.setLayout(layout);
    this.root.setAttribute('aria-colcount', String(this.columns.length));
    this.root.style.setProperty('--table-width', `${this.columns.reduce((sum, c) => sum + c.width, 0)}px`);
    this.lines.setColumns(this.columns);
    this.draw();
  }

  private get count(): number {
    return this.state?.count ?? 0;
  }
  /** Scrolling away from the newest row pauses following; scrolling back to it goes on. */
  private scrolled(): void {
    const near = this.state?.sort.descending ? this.viewport.atStart : this.viewport.atEnd;
    if (near !== this.follow && this.state?.sort.column === 'start') {
      this.follow = near;
      this.events.onDidChangeFollow(near);
    }
    this.draw();
  }

  private render(): void {
    const { viewport } = this;
    viewport.setRows(this.count);
    if (this.followsNewest) viewport.scroll(this.state?.sort.descending ? 0 : viewport.end);
    const { window } = viewport;
    this.cache.want(window.from, window.to, this.count);
    this.setAttribute('aria-rowcount', String(this.count + 1)); // the header is row 1
    const look = {
      columns: this.columns,
      selection: this.selection,
      span: this.span,
      now: this.state?.now ?? Date.now() * 1000,
    };
    this.setAttribute(
      'aria-activedescendant',
      this.lines.draw(window, (index) => this.cache.get(index), look),
    );
  }

  /** '' removes it. What is written again is read out again. */
  private setAttribute(name: string, value: string): void {
    if ((this.attributes.get(name) ?? '') === value) return;
    this.attributes.set(name, value);
    if (value === '') this.root.removeAttribute(name);
    else this.root.setAttribute(name, value);
  }

  private mouse(event: MouseEvent): void {
    const line = this.lines.of(event.target);
    if (!line?.row) return;
    const { index } = line;
    const { id } = line.row;
    if (event.button === 2 && this.selection.ids.has(id)) return;
    if (event.shiftKey) void this.extendTo(index, id);
    else this.setSelection(event.ctrlKey || event.metaKey ? toggle(this.selection, id) : select(id));
  }

  private menu(event: MouseEvent): void {
    if (!this.lines.of(event.target) || this.selection.ids.size === 0) return;
    event.preventDefault();
    this.askMenu(event.clientX, event.clientY);
  }
  private askMenu(x: number, y: number): void {
    this.events.onDidAskMenu(x, y, [...this.selection.ids], this.lines.row(this.selection.active));
  }

  private key(event: KeyboardEvent): void {
    if ((event.target as Element).closest('.header, .empty')) return;
    const action = actionOf(event, Math.max(1, this.viewport.fitting - 2));
    if (!action) return;
    const { active, ids } = this.selection;
    // The workbench would select all of the page's text, or copy it.
    if (action.kind === 'all' || action.kind === 'copy') event.stopPropagation();
    if (action.kind !== 'open' && action.kind !== 'none') event.preventDefault();
    if (action.kind === 'all') void this.selectRange(0, this.count);
    else if (action.kind === 'step') void this.step(action.by, action.extending);
    else if (action.kind === 'none') this.setSelection(noSelection);
    else if (action.kind === 'open' && active !== undefined) this.events.onDidOpen(active);
    else if (action.kind === 'copy' && ids.size > 0) this.events.onDidCopy([...ids]);
    else if (action.kind === 'menu' && ids.size > 0) {
      const { content, root } = this.viewport;
      const box = content.querySelector('.active')?.getBoundingClientRect() ?? root.getBoundingClientRect();
      this.askMenu(box.left + 40, box.bottom);
    }
  }

  /** The row the keyboard is at may be out of view and not held: its place is asked for. */
  private async step(by: number, extending: boolean): Promise<void> {
    if (this.count === 0) return;
    const at = this.selection.active === undefined ? -1 : await this.events.indexOf(this.selection.active);
    const from = at < 0 ? (by > 0 ? -1 : this.count) : at;
    const index = Math.max(0, Math.min(this.count - 1, from + by));
    const row = await this.rowAt(index);
    if (!row) return;
    this.setFollow(false);
    this.moveTo(index);
    if (extending) await this.extendTo(index, row.id);
    else this.setSelection(select(row.id));
  }

  private async rowAt(index: number): Promise<PanelRow | undefined> {
    return this.cache.get(index) ?? (await this.fetch(index, index + 1)).rows[0];
  }

  private async extendTo(index: number, id: FlowId): Promise<void> {
    const anchor = this.selection.anchor === undefined ? index : await this.events.indexOf(this.selection.anchor);
    const [from, to] = [Math.min(anchor < 0 ? index : anchor, index), Math.max(anchor, index)];
    const ids = await this.events.ids(from, to + 1);
    if (ids.length < to + 1 - from) this.events.onDidLimit(maxSelected);
    this.setSelection(extend(this.selection, id, ids));
  }

  private async selectRange(from: number, to: number): Promise<void> {
    const ids = await this.events.ids(from, to);
    if (ids.length < to - from) this.events.onDidLimit(maxSelected);
    const active = this.selection.active ?? ids[0];
    if (ids.length > 0) this.setSelection({ ids: new Set(ids), active, anchor: active });
  }

  private moveTo(index: number): void {
    this.viewport.setRows(this.count);
    this.viewport.reveal(index);
  }
}

const unpacked = ({ version, from, rows }: PanelRows): Fetched => ({
  version,
  from,
  rows: JSON.parse(rows) as PanelRow[],
});

type Counted = Pick<PanelState, 'count' | 'shifted'>;
/** How far rows that were in the list of `before` have moved down since, where the order is that of the start. */
function movedBy(before: Counted & Pick<PanelState, 'sort'>, next: Counted): number {
  const gone = next.shifted - before.shifted;
  return before.sort.descending ? next.count - before.count + gone : -gone;
}
