// One line of the table. Lines are used again for other rows: only what differs is written to the page.
import type { PanelRow } from '../../protocol/panel.ts';
import { element } from '../dom.ts';
import type { ShownColumn } from './layout.ts';
import type { Selection } from './selection.ts';
import { drawBar, type TimeSpan } from './timelineBar.ts';
import { rowHeight } from './window.ts';

/** What lines look like besides their rows. */
export interface LineLook {
  readonly columns: readonly ShownColumn[];
  readonly selection: Selection;
  readonly span: TimeSpan;
  readonly now: number;
}

export class Line {
  readonly root = element('div', { class: 'row', role: 'row' });
  row: PanelRow | undefined;
  index = -1;
  private top = NaN;
  private look = '';
  private hidden = false;
  private readonly texts: (string | undefined)[] = [];

  constructor(columns: readonly ShownColumn[]) {
    this.setColumns(columns);
  }

  setColumns(columns: readonly ShownColumn[]): void {
    this.texts.length = 0;
    this.root.replaceChildren(
      ...columns.map((column) => {
        const kind = `cell ${column.id}${column.numeric ? ' numeric' : ''}${column.secondary ? ' secondary' : ''}`;
        const cell = element('div', { class: kind, role: 'gridcell' });
        cell.style.flex = `${column.grows ? 1 : 0} 0 ${column.width}px`;
        return cell;
      }),
    );
  }

  hide(): void {
    if (!this.hidden) this.root.hidden = true;
    this.hidden = true;
    this.index = -1;
    this.row = undefined;
  }

  /** `top`: where row 0 would be, in pixels. */
  show(index: number, top: number, row: PanelRow | undefined, { columns, selection, span, now }: LineLook): void {
    if (this.hidden) this.root.hidden = this.hidden = false;
    const y = top + index * rowHeight;
    if (y !== this.top) this.root.style.transform = `translateY(${(this.top = y)}px)`;
    if (index !== this.index) this.root.setAttribute('aria-rowindex', String(index + 2)); // the header is row 1
    this.index = index;
    if (row?.id !== this.row?.id || this.root.id === '') this.root.id = row ? `flow-${row.id}` : `row-${index}`;
    this.row = row;
    const selected = row !== undefined && selection.ids.has(row.id);
    const bad = row?.state === 'failed' && row.reason !== 'eof' && row.reason !== '';
    const look = `row ${row?.state ?? 'loading'}${selected ? ' selected' : ''}${row && row.id === selection.active ? ' active' : ''}${row?.inbound ? ' inbound' : ''}${bad ? ' cut' : ''}${row?.segments ? ' marked' : ''}${index % 2 ? ' odd' : ''}`;
    if (look !== this.look) {
      this.root.className = this.look = look;
      this.root.setAttribute('aria-selected', String(selected));
    }
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      const cell = this.root.children[i] as HTMLElement;
      if (column.id === 'timeline') {
        drawBar(cell, row, span, now);
        continue;
      }
      const text = row ? column.text(row, now) : '';
      if (text === this.texts[i]) continue;
      cell.textContent = this.texts[i] = text;
      if (row?.segments || cell.title) cell.title = row?.segments && column.id === 'reason' ? text : '';
    }
  }
}
