// The timeline column: a bar from start to end, the part before the other side answered paler.
import type { PanelRow } from '../../protocol/panel.ts';
import { element } from '../dom.ts';

export interface TimeSpan {
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Writes to the page only where the bar differs from the one that is there. */
export function drawBar(cell: HTMLElement, row: PanelRow | undefined, span: TimeSpan, now: number): void {
  let bar = cell.firstElementChild as HTMLElement | null;
  if (!bar) cell.append((bar = element('div', { class: 'bar' }, element('div', { class: 'dial' }))));
  const style = row ? barStyle(row, span, now) : '';
  if (cell.dataset['bar'] === style) return;
  cell.dataset['bar'] = style;
  bar.hidden = style === '';
  if (style === '') return;
  const [left, width, dial] = style.split(' ');
  bar.style.left = `min(${left}%, 100% - 3px)`;
  bar.style.width = `max(3px, ${width}%)`;
  (bar.firstElementChild as HTMLElement).style.width = `${dial}%`;
}

/** Left, width and the part of it until the answer, in percent; '' where it lies outside the span. */
function barStyle(row: PanelRow, span: TimeSpan, now: number): string {
  const end = row.closedAt || Math.max(now, row.openedAt);
  if (end < span.from || row.openedAt > span.to) return '';
  const length = Math.max(1, span.to - span.from);
  const percent = (at: number): number => Math.min(100, Math.max(0, ((at - span.from) / length) * 100));
  const [left, right] = [percent(row.openedAt), percent(end)];
  const answered = percent(row.connectedAt || end);
  const dial = right > left ? ((answered - left) / (right - left)) * 100 : 0;
  return `${left.toFixed(2)} ${(right - left).toFixed(2)} ${Math.min(100, Math.max(0, dial)).toFixed(0)}`;
}
