// The table of flows: an ARIA grid of which only the rows in view exist.
import type { FlowId } from '../../flow/model.ts';
import type { SortColumn } from '../../flow/sort.ts';
import type { PanelRow, PanelState } from '../../protocol/panel.ts';
import { element, perFrame } from '../dom.ts';
import { Header } from './header.ts';
import { shown, type ColumnState, type ShownColumn } from './layout.ts';
import { RowCache, type Fetch } from './rows.ts';
import { extend, noSelection, select, toggle, type Selection } from './selection.ts';
import { drawBar, type TimeSpan } from './timelineBar.ts';
import { contentHeight, rowHeight, scrollTo, windowAt } from './window.ts';
import { t } from '../strings.ts';

export interface TableEvents {
  readonly fetch: Fetch;
  readonly onDidSelect: (selection: Selection) => void;
  /** Enter or double click. */
  readonly onDidOpen: (id: FlowId) => void;
  readonly onDidAskMenu: (x: number, y: number, ids: readonly FlowId[]) => void;
  readonly onDidSort: (column: SortColumn, descending: boolean) => void;
  readonly onDidChangeLayout: (layout: readonly ColumnState[]) => void;
  readonly onDidChangeFollow: (follow: boolean) => void;
}

export class Table {
  readonly root: HTMLElement;
  private readonly events: TableEvents;
  private readonly header: Header;
  private readonly viewport = element('div', { class: 'viewport', role: 'presentation' });
  private readonly content = element('div', { class: 'content', role: 'rowgroup' });
  private readonly empty = element('div', { class: 'empty', role: 'status' });
  private readonly lines: HTMLElement[] = [];
  private readonly cache: RowCache;
  private columns: ShownColumn[] = [];
  private state: PanelState | undefined;
  private selection: Selection = noSelection;
  private follow = true;
  private span: TimeSpan = { from: 0, to: 1 };
  readonly draw = perFrame(() => this.render());

  constructor(events: TableEvents, layout: readonly ColumnState[]) {
    this.events = events;
    this.cache = new RowCache(events.fetch, () => this.draw());
    this.header = new Header({
      onDidSort: events.onDidSort,
      onDidChangeLayout: (next) => {
        this.setLayout(next);
        events.onDidChangeLayout(next);
      },
    });
    this.viewport.append(this.content);
    this.root = element('div', { class: 'table', role: 'grid', tabindex: 0, 'aria-label': t('Flows'), 'aria-multiselectable': 'true' }, this.header.root, this.viewport, this.empty); // prettier-ignore
    this.setLayout(layout);
    this.viewport.addEventListener('scroll', () => this.scrolled());
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

  setState(state: PanelState): void {
    this.state = state;
    this.cache.outdated(state.version);
    this.header.setSort(state.sort);
    this.empty.textContent = state.count > 0 ? '' : state.total > 0 ? t('No flow matches the query.') : t('No flows yet. What you run in a captured terminal shows here.'); // prettier-ignore
    this.draw();
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
    for (const line of this.lines) line.replaceChildren(...this.columns.map((c) => cellFor(c)));
    this.draw();
  }

  private get count(): number {
    return this.state?.count ?? 0;
  }
  private get atNewest(): number {
    return this.state?.sort.descending ? 0 : contentHeight(this.count);
  }

  private scrolled(): void {
    // Scrolling away from the newest row pauses following; scrolling back to it goes on.
    const { scrollTop, clientHeight } = this.viewport;
    const near = this.state?.sort.descending
      ? scrollTop < rowHeight
      : scrollTop + clientHeight >= contentHeight(this.count) - rowHeight;
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
    this.header.root.scrollLeft = this.viewport.scrollLeft;
    const { from, to, top } = windowAt(this.viewport.scrollTop, this.viewport.clientHeight, this.count);
    this.cache.want(from, to);
    this.root.setAttribute('aria-rowcount', String(this.count + 1)); // the header is row 1
    this.root.removeAttribute('aria-activedescendant');
    const now = this.state?.now ?? Date.now() * 1000;
    while (this.lines.length < to - from) this.lines.push(this.addLine());
    this.lines.forEach((line, i) => {
      const index = from + i;
      line.hidden = index >= to;
      if (index >= to) return;
      line.style.transform = `translateY(${top + i * rowHeight}px)`;
      this.fill(line, index, this.cache.get(index), now);
    });
  }

  private addLine(): HTMLElement {
    const line = element('div', { class: 'row', role: 'row' }, ...this.columns.map((c) => cellFor(c)));
    this.content.append(line);
    return line;
  }

  private fill(line: HTMLElement, index: number, row: PanelRow | undefined, now: number): void {
    line.setAttribute('aria-rowindex', String(index + 2));
    line.id = row ? `flow-${row.id}` : '';
    line.dataset['index'] = String(index);
    line.dataset['id'] = row ? String(row.id) : '';
    const selected = row !== undefined && this.selection.ids.has(row.id);
    line.setAttribute('aria-selected', String(selected));
    const active = row !== undefined && row.id === this.selection.active;
    line.className = `row ${row?.state ?? 'loading'}${selected ? ' selected' : ''}${active ? ' active' : ''}${row?.inbound ? ' inbound' : ''}`;
    if (active) this.root.setAttribute('aria-activedescendant', line.id);
    this.columns.forEach((column, i) => {
      const cell = line.children[i] as HTMLElement;
      if (column.id === 'timeline') drawBar(cell, row, this.span, now);
      else {
        const text = row ? column.text(row, now) : '';
        if (cell.textContent !== text) cell.textContent = text;
      }
    });
  }

  private mouse(event: MouseEvent): void {
    const line = (event.target as Element).closest<HTMLElement>('.row');
    const id = Number(line?.dataset['id']);
    if (!line || !id) return;
    const index = Number(line.dataset['index']);
    if (event.button === 2 && this.selection.ids.has(id)) return;
    if (event.shiftKey) void this.extendTo(index, id);
    else this.setSelection(event.ctrlKey || event.metaKey ? toggle(this.selection, id) : select(id));
  }

  private menu(event: MouseEvent): void {
    if (!(event.target as Element).closest('.row') || this.selection.ids.size === 0) return;
    event.preventDefault();
    this.events.onDidAskMenu(event.clientX, event.clientY, [...this.selection.ids]);
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
    if (step !== undefined && !(event.target as Element).closest('.header')) {
      event.preventDefault();
      void this.step(step, event.shiftKey);
    } else if (event.key === 'Enter' && this.selection.active !== undefined)
      this.events.onDidOpen(this.selection.active);
    else if (event.key === 'Escape') this.setSelection(noSelection);
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      const box =
        this.content.querySelector('.active')?.getBoundingClientRect() ?? this.viewport.getBoundingClientRect();
      if (this.selection.ids.size > 0) this.events.onDidAskMenu(box.left + 40, box.bottom, [...this.selection.ids]);
    }
  }

  /** The row the keyboard is at may be out of view and not held: its place is asked for. */
  private async step(by: number, extending: boolean): Promise<void> {
    if (this.count === 0) return;
    const at = this.selection.active === undefined ? -1 : await this.indexOf(this.selection.active);
    const from = at < 0 ? (by > 0 ? -1 : this.count) : at;
    const index = Math.max(0, Math.min(this.count - 1, from + by));
    const row = await this.rowAt(index);
    if (!row) return;
    this.setFollow(false);
    this.moveTo(index);
    if (extending) await this.extendTo(index, row.id);
    else this.setSelection(select(row.id));
  }

  /** Set by the panel: the host knows where a flow is. */
  indexOf: (id: FlowId) => Promise<number> = () => Promise.resolve(-1);

  private async rowAt(index: number): Promise<PanelRow | undefined> {
    return this.cache.get(index) ?? (await this.events.fetch(index, index + 1)).rows[0];
  }

  private async extendTo(index: number, id: FlowId): Promise<void> {
    const anchor = this.selection.anchor === undefined ? index : await this.indexOf(this.selection.anchor);
    const [from, to] = [Math.min(anchor < 0 ? index : anchor, index), Math.max(anchor, index)];
    const { rows } = await this.events.fetch(from, to + 1);
    this.setSelection(extend(this.selection, id, rows.map((r) => r.id))); // prettier-ignore
  }

  private moveTo(index: number): void {
    this.viewport.scrollTop = scrollTo(index, this.viewport.scrollTop, this.viewport.clientHeight, this.count);
  }
}

function cellFor(column: ShownColumn): HTMLElement {
  const cell = element('div', { class: `cell ${column.id}${column.numeric ? ' numeric' : ''}`, role: 'gridcell' });
  cell.style.width = `${column.width}px`;
  return cell;
}
