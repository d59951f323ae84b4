// One line of the table. Lines are used again for other rows: only what differs is written to the page.
import type { PanelRow } from '../../protocol/panel.ts';
import { element } from '../dom.ts';
import type { ShownColumn } from './layout.ts';
import type { Selection } from './selection.ts';
import type { TextWidths } from './textWidths.ts';
import { TimelineBar, type TimeSpan } from './timelineBar.ts';
import { rowHeight } from './window.ts';

/** What lines look like besides their rows. */
export interface LineLook {
  readonly columns: readonly ShownColumn[];
  readonly selection: Selection;
  readonly span: TimeSpan;
  readonly now: number;
}

/** Pixels of a cell that are not text's: padding, and the mark before it in some columns. */
const padding = 12;
const mark = 20;

interface Cell {
  readonly root: HTMLElement;
  readonly kind: string;
  readonly room: number;
  /** Written anew rather than replaced: a new node for each text is laid out from scratch, and the page's garbage. */
  readonly words: Text;
  text: string;
  long: boolean;
  readonly bar?: TimelineBar;
}

export class Line {
  readonly root = element('div', { class: 'row', role: 'row' });
  row: PanelRow | undefined;
  index = -1;
  private top = NaN;
  private look = '';
  private hidden = false;
  private cells: Cell[] = [];
  private readonly widths: TextWidths;

  constructor(columns: readonly ShownColumn[], widths: TextWidths) {
    this.widths = widths;
    this.setColumns(columns);
  }

  /** Also where the font has changed. */
  setColumns(columns: readonly ShownColumn[]): void {
    this.cells = columns.map((column): Cell => {
      const kind = `cell ${column.id}${column.numeric ? ' numeric' : ''}${column.secondary ? ' secondary' : ''}`;
      const words = document.createTextNode('');
      const root = element('div', { class: kind, role: 'gridcell' }, words);
      root.style.flex = `${column.grows ? 1 : 0} 0 ${column.width}px`;
      // A column that grows is at least as wide.
      const room = column.width - padding - (column.marked ? mark : 0);
      return { root, kind, room, words, text: '', long: false, ...(column.id === 'timeline' && { bar: new TimelineBar(root) }) }; // prettier-ignore
    });
    this.root.replaceChildren(...this.cells.map((cell) => cell.root));
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
      const cell = this.cells[i]!;
      if (cell.bar) {
        cell.bar.draw(row, span, now);
        continue;
      }
      const text = row ? column.text(row, now) : '';
      if (text === cell.text) continue;
      cell.words.data = cell.text = text;
      const long = !this.widths.fits(text, cell.room);
      if (long !== cell.long) cell.root.className = long ? `${cell.kind} long` : cell.kind;
      cell.long = long;
      if (row?.segments || cell.root.title) cell.root.title = row?.segments && column.id === 'reason' ? text : '';
    }
  }
}
