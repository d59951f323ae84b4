// The timeline column: a bar from start to end, the part before the other side answered paler.
import type { PanelRow } from '../../protocol/panel.ts';
import { element } from '../dom.ts';

export interface TimeSpan {
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Writes to the page only where the bar differs from the one that is there. */
export class TimelineBar {
  private readonly root = element('div', { class: 'bar', hidden: true });
  private hidden = true;
  private place = '';
  private dial = '';

  constructor(cell: HTMLElement) {
    cell.append(this.root);
  }

  draw(row: PanelRow | undefined, span: TimeSpan, now: number): void {
    const end = row ? row.closedAt || Math.max(now, row.openedAt) : 0;
    const outside = !row || end < span.from || row.openedAt > span.to;
    if (outside !== this.hidden) this.root.hidden = this.hidden = outside;
    if (outside) return;
    const length = Math.max(1, span.to - span.from);
    const percent = (at: number): number => Math.min(100, Math.max(0, ((at - span.from) / length) * 100));
    const [left, right] = [percent(row.openedAt), percent(end)];
    const answered = percent(row.connectedAt || end);
    const share = right > left ? ((answered - left) / (right - left)) * 100 : 0;
    const { style } = this.root;
    const place = `${left.toFixed(2)} ${(right - left).toFixed(2)}`;
    if (place !== this.place) {
      this.place = place;
      style.left = `min(${left.toFixed(2)}%, 100% - 3px)`;
      style.width = `max(3px, ${(right - left).toFixed(2)}%)`;
    }
    const dial = `${Math.min(100, Math.max(0, share)).toFixed(0)}% 100%`;
    if (dial !== this.dial) style.backgroundSize = this.dial = dial;
  }
}
