// The lines that are in the page: as many as are in view, whatever the table holds.
import type { FlowId } from '../../flow/model.ts';
import type { PanelRow } from '../../protocol/panel.ts';
import type { ShownColumn } from './layout.ts';
import { Line, type LineLook } from './line.ts';
import { widthsIn } from './textWidths.ts';
import type { Window } from './window.ts';
import { rowHeight } from './window.ts';

export class Lines {
  private readonly content: HTMLElement;
  private readonly widths = widthsIn(document.body);
  private lines: Line[] = [];
  private columns: readonly ShownColumn[] = [];

  constructor(content: HTMLElement) {
    this.content = content;
  }

  setColumns(columns: readonly ShownColumn[]): void {
    this.columns = columns;
    for (const line of this.lines) line.setColumns(columns);
  }
  /** The font may be another one. */
  refont(): void {
    this.widths.forget();
    this.setColumns(this.columns);
  }

  /** The id of the active row's element, where it is in view. */
  draw({ from, to, top }: Window, rowAt: (index: number) => PanelRow | undefined, look: LineLook): string {
    while (this.lines.length < to - from || this.lines.length % 2 > 0) {
      // An even number: a line is then always of the same kind, odd or even.
      const line = new Line(this.columns, this.widths);
      this.lines.push(line);
      this.content.append(line.root);
    }
    let active = '';
    // A row keeps its line while it is in view, so that scrolling writes only the rows that come.
    for (let i = 0; i < this.lines.length; i++) {
      const index = from + i;
      const line = this.lines[index % this.lines.length]!;
      if (index >= to) {
        line.hide();
        continue;
      }
      line.show(index, top - from * rowHeight, rowAt(index), look);
      if (line.row && line.row.id === look.selection.active) active = line.root.id;
    }
    return active;
  }

  of(target: EventTarget | null): Line | undefined {
    const root = (target as Element | null)?.closest<HTMLElement>('.row');
    return this.lines.find((line) => line.root === root);
  }
  row(id: FlowId | undefined): PanelRow | undefined {
    return this.lines.find((line) => line.row?.id === id)?.row;
  }
}
