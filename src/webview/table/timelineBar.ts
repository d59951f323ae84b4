// The timeline column: a bar from start to end, the part before the other side answered paler.
import type { PanelRow } from '../../protocol/panel.ts';
import { element } from '../dom.ts';

export interface TimeSpan {
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export function drawBar(cell: HTMLElement, row: PanelRow | undefined, span: TimeSpan, now: number): void {
  let bar = cell.firstElementChild as HTMLElement | null;
  if (!bar) cell.append((bar = element('div', { class: 'bar' }, element('div', { class: 'dial' }))));
  bar.hidden = !row;
  if (!row) return;
  const length = Math.max(1, span.to - span.from);
  const percent = (at: number): number => Math.min(100, Math.max(0, ((at - span.from) / length) * 100));
  const end = row.closedAt || now;
  const [left, right] = [percent(row.openedAt), percent(end)];
  bar.style.left = `${left}%`;
  bar.style.width = `max(2px, ${right - left}%)`;
  const dialled = row.connectedAt || end;
  const share = end > row.openedAt ? ((dialled - row.openedAt) / (end - row.openedAt)) * 100 : 0;
  (bar.firstElementChild as HTMLElement).style.width = `${Math.min(100, share)}%`;
}
