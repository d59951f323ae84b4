// The header row: sort by click, resize at the edge, reorder by dragging, hide from a menu. All of it by keyboard too.
import type { SortColumn } from '../../flow/sort.ts';
import { element, icon } from '../dom.ts';
import { Menu } from '../menu.ts';
import { t } from '../strings.ts';
import { columns } from './columns.ts';
import { moved, resized, shown, toggled, type ColumnState } from './layout.ts';

interface Events {
  readonly onDidSort: (column: SortColumn, descending: boolean) => void;
  readonly onDidChangeLayout: (layout: readonly ColumnState[]) => void;
}
const keyStep = 16;

export class Header {
  readonly root = element('div', { class: 'header', role: 'row', 'aria-rowindex': 1 });
  private readonly events: Events;
  /** The column that the Tab key reaches: the last one that had the focus. */
  private reached: string | undefined;
  private layout: readonly ColumnState[] = [];
  private sort: { column: SortColumn; descending: boolean } = { column: 'start', descending: false };

  constructor(events: Events) {
    this.events = events;
    this.root.addEventListener('contextmenu', (e) => {
      e.preventDefault();
      this.menu(e.clientX, e.clientY);
    });
  }

  setSort(sort: { column: SortColumn; descending: boolean }): void {
    if (sort.column === this.sort.column && sort.descending === this.sort.descending) return;
    this.sort = sort;
    this.draw();
  }
  setLayout(layout: readonly ColumnState[]): void {
    this.layout = layout;
    this.draw();
  }

  private draw(): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset['column'];
    this.root.replaceChildren(...shown(this.layout).map((c) => this.cell(c)));
    if (focused) this.root.querySelector<HTMLElement>(`[data-column="${focused}"]`)?.focus();
  }

  private cell(column: {
    id: string;
    title: string;
    width: number;
    numeric?: boolean;
    grows?: boolean;
    sort?: SortColumn;
  }): HTMLElement {
    const sorted = column.sort !== undefined && column.sort === this.sort.column;
    const direction = this.sort.descending ? 'descending' : 'ascending';
    const grip = element('div', { class: 'grip', 'aria-hidden': 'true' });
    const cell = element(
      'div',
      {
        class: `cell${column.numeric ? ' numeric' : ''}${sorted ? ' sorted' : ''}`,
        role: 'columnheader',
        tabindex: column.id === (this.reached ?? this.layout.find((c) => !c.hidden)?.id) ? 0 : -1,
        draggable: true,
        'data-column': column.id,
        'aria-sort': sorted ? direction : column.sort ? 'none' : undefined,
        title: column.sort
          ? t('{0} (Enter sorts, Ctrl+Shift+arrows move, Shift+arrows resize)', column.title)
          : t('{0} (Ctrl+Shift+arrows move, Shift+arrows resize)', column.title),
      },
      element('span', { class: 'title' }, column.title),
      sorted ? icon(this.sort.descending ? 'chevron-down' : 'chevron-up') : undefined,
      grip,
    );
    cell.style.flex = `${column.grows ? 1 : 0} 0 ${column.width}px`;
    const sortHere = (): void =>
      column.sort && this.events.onDidSort(column.sort, sorted ? !this.sort.descending : column.numeric === true);
    cell.addEventListener('focus', () => {
      this.reached = column.id;
      for (const other of this.root.children) other.setAttribute('tabindex', other === cell ? '0' : '-1');
    });
    cell.addEventListener('click', sortHere);
    cell.addEventListener('keydown', (e) => this.key(e, column, sortHere));
    this.resizing(grip, column);
    this.dragging(cell, column.id);
    return cell;
  }

  private key(event: KeyboardEvent, column: { id: string; width: number }, sortHere: () => void): void {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (event.key === 'Enter' || event.key === ' ') sortHere();
    else if (by !== 0 && event.ctrlKey && event.shiftKey) this.move(column.id, by);
    else if (by !== 0 && event.shiftKey) this.change(resized(this.layout, column.id, column.width + by * keyStep));
    else if (event.key === 'Home') (this.root.firstElementChild as HTMLElement).focus();
    else if (event.key === 'End') (this.root.lastElementChild as HTMLElement).focus();
    else if (by !== 0) {
      const cell = event.currentTarget as HTMLElement;
      ((by > 0 ? cell.nextElementSibling : cell.previousElementSibling) as HTMLElement | null)?.focus();
    } else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
      this.menu(box.left, box.bottom);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private move(id: string, by: number): void {
    const ids = shown(this.layout).map((c) => c.id);
    const at = ids.indexOf(id) + by;
    if (at < 0 || at >= ids.length) return;
    this.change(moved(this.layout, id, by < 0 ? ids[at] : ids[at + 1]));
  }

  private resizing(grip: HTMLElement, column: { id: string; width: number }): void {
    grip.addEventListener('click', (e) => e.stopPropagation());
    grip.addEventListener('pointerdown', (down) => {
      down.preventDefault();
      down.stopPropagation();
      // What is dragged is the edge that is seen: a column may be wider than it was asked to be.
      const seen = grip.parentElement?.getBoundingClientRect().width ?? column.width;
      const move = (e: PointerEvent): void =>
        this.change(resized(this.layout, column.id, seen + e.clientX - down.clientX));
      const up = (): void => {
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', up);
      };
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', up);
    });
  }

  private dragging(cell: HTMLElement, id: string): void {
    cell.addEventListener('dragstart', (e) => e.dataTransfer?.setData('text/x-flowtap-column', id));
    cell.addEventListener('dragover', (e) => e.preventDefault());
    cell.addEventListener('drop', (e) => {
      e.preventDefault();
      const dragged = e.dataTransfer?.getData('text/x-flowtap-column');
      if (dragged) this.change(moved(this.layout, dragged, id));
    });
  }

  private menu(x: number, y: number): void {
    const hidden = new Set(this.layout.filter((c) => c.hidden).map((c) => c.id));
    new Menu(
      columns.map((c) => ({
        label: c.title,
        checked: !hidden.has(c.id),
        run: () => this.change(toggled(this.layout, c.id)),
      })),
    ).open(x, y);
  }

  private change(layout: readonly ColumnState[]): void {
    this.events.onDidChangeLayout(layout);
  }
}
