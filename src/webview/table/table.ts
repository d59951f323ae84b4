// The table of flows: an ARIA grid of which only the rows in view exist.
import type { FlowId } from '../../flow/model.ts';
import type { SortColumn } from '../../flow/sort.ts';
import { maxSelected, type PanelRow, type PanelState } from '../../protocol/panel.ts';
import { element, perFrame } from '../dom.ts';
import { Empty, type EmptyEvents } from './empty.ts';
import { Header } from './header.ts';
import { shown, type ColumnState, type ShownColumn } from './layout.ts';
import { RowCache, type Fetch } from './rows.ts';
import { extend, noSelection, select, toggle, type Selection } from './selection.ts';
import { Line } from './line.ts';
import type { TimeSpan } from './timelineBar.ts';
import { contentHeight, rowHeight, scrollTo, windowAt } from './window.ts';
import { t } from '../strings.ts';

export interface TableEvents extends EmptyEvents {
  readonly fetch: Fetch;
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
  private readonly viewport = element('div', { class: 'viewport', role: 'presentation' });
  private readonly content = element('div', { class: 'content', role: 'rowgroup' });
  /** The grid, and over it what is said where it is empty: a grid may hold rows only. */
  readonly area: HTMLElement;
  private readonly empty: Empty;
  private lines: Line[] = [];
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
    this.cache = new RowCache(events.fetch, () => this.draw());
    this.header = new Header({
      onDidSort: events.onDidSort,
      onDidChangeLayout: (next) => {
        this.setLayout(next);
        events.onDidChangeLayout(next);
      },
    });
    this.viewport.append(this.content);
    this.root = element('div', { class: 'table', role: 'grid', tabindex: 0, 'aria-label': t('Flows'), 'aria-multiselectable': 'true' }, this.header.root, this.viewport); // prettier-ignore
    this.area = element('div', { class: 'table-area' }, this.root, this.empty.root);
    this.setLayout(layout);
    this.viewport.addEventListener('scroll', () => this.scrolled(), { passive: true });
    // A header cell that gets the focus is brought into view.
    this.header.root.addEventListener('scroll', () => (this.viewport.scrollLeft = this.header.root.scrollLeft), {
      passive: true,
    });
    this.root.addEventListener('keydown', (e) => this.key(e));
    this.content.addEventListener('mousedown', (e) => this.mouse(e));
    this.content.addEventListener(
      'dblclick',
      () => this.selection.active !== undefined && events.onDidOpen(this.selection.active),
    );
    this.root.addEventListener('contextmenu', (e) => this.menu(e));
    new ResizeObserver(() => this.draw()).observe(this.viewport);
  }

  get following(): boolean {
    return this.follow;
  }
  setFollow(follow: boolean): void {
    this.follow = follow;
    this.events.onDidChangeFollow(follow);
    this.draw();
  }

  /** `reordered`: rows are others now, or in another order. */
  setState(state: PanelState, reordered: boolean): void {
    const before = this.state;
    this.state = state;
    if (before && !reordered && state.sort.column === 'start') this.hold(before, state);
    this.cache.outdated(state.version);
    this.header.setSort(state.sort);
    this.root.setAttribute('aria-busy', String(state.sorting || state.progress !== undefined));
    this.empty.show(state);
    this.wantNewest();
    this.draw();
  }

  /** Rows that will be in view with the next frame are asked for now. */
  private wantNewest(): void {
    if (!this.follow || this.state?.sort.column !== 'start') return;
    const { from, to } = windowAt(this.atNewest, this.viewport.clientHeight, this.count);
    this.cache.want(from, to);
  }

  /** Rows that come and go above those in view must not move them. */
  private hold(before: PanelState, next: PanelState): void {
    const gone = next.shifted - before.shifted;
    const by = next.sort.descending ? next.count - before.count + gone : -gone;
    if (by === 0) return;
    this.cache.move(by);
    if (this.follow || this.viewport.scrollTop === 0) return;
    const scale = contentHeight(next.count) / Math.max(1, next.count * rowHeight);
    this.content.style.height = `${contentHeight(next.count)}px`;
    this.viewport.scrollTop += by * rowHeight * scale;
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
    for (const line of this.lines) line.setColumns(this.columns);
    this.draw();
  }

  private get count(): number {
    return this.state?.count ?? 0;
  }
  private get atNewest(): number {
    return this.state?.sort.descending ? 0 : Math.max(0, contentHeight(this.count) - this.viewport.clientHeight);
  }

  private scrolled(): void {
    // Scrolling away from the newest row pauses following; scrolling back to it goes on.
    const { scrollTop, clientHeight } = this.viewport;
    const near = this.state?.sort.descending
      ? scrollTop < rowHeight
      : scrollTop + clientHeight >= contentHeight(this.count) - rowHeight;
    this.header.root.scrollLeft = this.viewport.scrollLeft;
    if (near !== this.follow && this.state?.sort.column === 'start') {
      this.follow = near;
      this.events.onDidChangeFollow(near);
    }
    this.draw();
  }

  private render(): void {
    const height = contentHeight(this.count);
    this.content.style.height = `${height}px`;
    if (this.follow && this.state?.sort.column === 'start' && this.viewport.scrollTop !== this.atNewest)
      this.viewport.scrollTop = this.atNewest;
    const { scrollTop, clientHeight, clientWidth, offsetWidth } = this.viewport;
    this.header.root.style.paddingRight = `${offsetWidth - clientWidth}px`; // beside the scroll bar
    const { from, to, top } = windowAt(scrollTop, clientHeight, this.count);
    this.cache.want(from, to);
    this.setAttribute('aria-rowcount', String(this.count + 1)); // the header is row 1
    if (this.lines.length < to - from) this.addLines(to - from);
    const look = {
      columns: this.columns,
      selection: this.selection,
      span: this.span,
      now: this.state?.now ?? Date.now() * 1000,
    };
    let active = '';
    // A row keeps its line while it is in view, so that scrolling writes only the rows that come.
    for (let i = 0; i < this.lines.length; i++) {
      const index = from + i;
      const line = this.lines[index % this.lines.length]!;
      if (index >= to) line.hide();
      else {
        line.show(index, top - from * rowHeight, this.cache.get(index), look);
        if (line.row && line.row.id === this.selection.active) active = line.root.id;
      }
    }
    this.setAttribute('aria-activedescendant', active);
  }

  /** '' removes it. What is written again is read out again. */
  private setAttribute(name: string, value: string): void {
    if ((this.root.getAttribute(name) ?? '') === value) return;
    if (value === '') this.root.removeAttribute(name);
    else this.root.setAttribute(name, value);
  }

  private addLines(count: number): void {
    while (this.lines.length < count) {
      const line = new Line(this.columns);
      this.lines.push(line);
      this.content.append(line.root);
    }
  }

  private lineOf(target: EventTarget | null): Line | undefined {
    const root = (target as Element | null)?.closest<HTMLElement>('.row');
    return this.lines.find((line) => line.root === root);
  }

  private mouse(event: MouseEvent): void {
    const line = this.lineOf(event.target);
    if (!line?.row) return;
    const { index } = line;
    const { id } = line.row;
    if (event.button === 2 && this.selection.ids.has(id)) return;
    if (event.shiftKey) void this.extendTo(index, id);
    else this.setSelection(event.ctrlKey || event.metaKey ? toggle(this.selection, id) : select(id));
  }

  private menu(event: MouseEvent): void {
    if (!this.lineOf(event.target) || this.selection.ids.size === 0) return;
    event.preventDefault();
    this.askMenu(event.clientX, event.clientY);
  }
  private askMenu(x: number, y: number): void {
    const row = this.lines.find((line) => line.row?.id === this.selection.active)?.row;
    this.events.onDidAskMenu(x, y, [...this.selection.ids], row);
  }

  private key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    const command = event.ctrlKey || event.metaKey;
    if ((event.target as Element).closest('.header, .empty')) return;
    if (command && (event.key === 'a' || event.key === 'c')) {
      // The workbench would select all of the page's text, or copy it.
      event.preventDefault();
      event.stopPropagation();
    }
    if (command && event.key === 'a') {
      void this.selectRange(0, this.count);
    } else if (command && event.key === 'c' && this.selection.ids.size > 0) {
      this.events.onDidCopy([...this.selection.ids]);
    } else if (step !== undefined) {
      event.preventDefault();
      void this.step(step, event.shiftKey);
    } else if (event.key === 'Enter' && this.selection.active !== undefined)
      this.events.onDidOpen(this.selection.active);
    else if (event.key === 'Escape') this.setSelection(noSelection);
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      const box =
        this.content.querySelector('.active')?.getBoundingClientRect() ?? this.viewport.getBoundingClientRect();
      if (this.selection.ids.size > 0) this.askMenu(box.left + 40, box.bottom);
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
    return this.cache.get(index) ?? (await this.events.fetch(index, index + 1)).rows[0];
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
    this.viewport.scrollTop = scrollTo(index, this.viewport.scrollTop, this.viewport.clientHeight, this.count);
  }
}
