// The strip above the table: flows per slice of time, failures marked. Dragging zooms into a span, a double click shows
// all of it again; by keyboard the arrows move a cursor, with Shift they span, Enter zooms in and Escape out.
import type { PanelTimeline } from '../protocol/panel.ts';
import { clockText, durationText } from '../flow/text.ts';
import { button, element, perFrame } from './dom.ts';
import { t } from './strings.ts';
import type { TimeSpan } from './table/timelineBar.ts';

/** Pixels: all of it, what the times above the bars take, and a slice. */
const height = 44;
const labels = 14;
const sliceWidth = 4;
/** A shorter drag is a click. */
const leastDrag = 4;

export class TimelineStrip {
  readonly root = element('div', { class: 'strip', role: 'slider', tabindex: 0, 'aria-label': t('Timeline'), 'aria-orientation': 'horizontal' }); // prettier-ignore
  private readonly canvas = element('canvas', { height, 'aria-hidden': 'true' });
  private readonly from = element('span', { class: 'strip-from' });
  private readonly peak = element('span', { class: 'strip-peak' });
  private readonly to = element('span', { class: 'strip-to' });
  private readonly out: HTMLElement;
  private data: PanelTimeline = { from: 0, to: 0, opened: [], failed: [] };
  /** Pixels. */
  private dragged: { from: number; to: number } | undefined;
  /** Slices, both included; by keyboard. */
  private cursor: { anchor: number; at: number } | undefined;
  private zoom: TimeSpan | undefined;
  private readonly onDidPick: (span: TimeSpan | undefined) => void;
  readonly draw = perFrame(() => this.render());

  constructor(onDidPick: (span: TimeSpan | undefined) => void) {
    this.onDidPick = onDidPick;
    this.out = button(t('Show all of the time'), 'zoom-out', () => onDidPick(undefined));
    this.out.classList.add('strip-out');
    this.out.hidden = true;
    this.root.append(this.canvas, element('div', { class: 'strip-labels', 'aria-hidden': 'true' }, this.from, this.peak, this.to), this.out); // prettier-ignore
    this.canvas.addEventListener('pointerdown', (e) => this.drag(e));
    this.canvas.addEventListener('dblclick', () => onDidPick(undefined));
    this.root.addEventListener('keydown', (e) => this.key(e));
    this.root.addEventListener('blur', () => this.setCursor(undefined));
    new ResizeObserver(() => this.draw()).observe(this.root);
    // Canvas does not follow theme variables by itself.
    new MutationObserver(() => this.draw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  get slices(): number {
    return Math.max(20, Math.floor(this.root.clientWidth / sliceWidth));
  }
  /** The span that is shown, where it is not all there is. */
  get zoomed(): TimeSpan | undefined {
    return this.zoom;
  }
  setZoom(zoom: TimeSpan | undefined): void {
    this.zoom = zoom;
    this.out.hidden = zoom === undefined;
    this.setCursor(undefined);
  }
  set(data: PanelTimeline): void {
    this.data = data;
    this.describe();
    this.draw();
  }

  /** Slices [from, to] in words; without a cursor, all of them. */
  private describe(): void {
    const { opened, failed } = this.data;
    const last = opened.length - 1;
    const [from, to] = this.cursor ? [Math.min(this.cursor.anchor, this.cursor.at), Math.max(this.cursor.anchor, this.cursor.at)] : [0, last]; // prettier-ignore
    const sum = (list: readonly number[]): number => list.slice(from, to + 1).reduce((a, b) => a + b, 0);
    const span = this.spanOf(from, to);
    this.root.setAttribute('aria-valuemin', '0');
    this.root.setAttribute('aria-valuemax', String(Math.max(0, last)));
    this.root.setAttribute('aria-valuenow', String(this.cursor?.at ?? 0));
    const seconds = ((span.to - span.from) / 1e6).toFixed(1);
    this.root.setAttribute('aria-valuetext', t('{0} flows, {1} failed, within {2} s from {3}', sum(opened), sum(failed), seconds, clockText(span.from))); // prettier-ignore
  }
  private spanOf(from: number, to: number): TimeSpan {
    const { from: start, to: end, opened } = this.data;
    const one = (end - start) / Math.max(1, opened.length);
    return { from: start + from * one, to: start + (to + 1) * one };
  }

  private render(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = this.root.clientWidth;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const g = this.canvas.getContext('2d');
    if (!g) return;
    g.scale(ratio, ratio);
    const style = getComputedStyle(document.body);
    const colour = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
    const [good, bad] = [colour('--vscode-charts-blue', '#3794ff'), colour('--vscode-charts-red', '#f14c4c')];
    const { opened, failed } = this.data;
    const top = Math.max(1, ...opened);
    const room = height - labels - 2;
    const step = width / Math.max(1, opened.length);
    const bar = (i: number, tall: number): void => g.fillRect(i * step, height - tall, Math.max(1, step - 1), tall);
    g.fillStyle = good;
    // One flow among thousands, and a failure among a thousand flows, must still be seen.
    opened.forEach((n, i) => n > 0 && bar(i, Math.max(2, (n / top) * room)));
    g.fillStyle = bad;
    failed.forEach((n, i) => n > 0 && bar(i, Math.max(2, (n / top) * room)));
    const marked = this.dragged ?? (this.cursor && { from: Math.min(this.cursor.anchor, this.cursor.at) * step, to: (Math.max(this.cursor.anchor, this.cursor.at) + 1) * step }); // prettier-ignore
    if (marked) {
      const left = Math.min(marked.from, marked.to);
      const size = Math.abs(marked.to - marked.from);
      g.fillStyle = colour('--vscode-editor-selectionBackground', 'rgba(100,150,255,0.3)');
      g.globalAlpha = 0.5;
      g.fillRect(left, 0, size, height);
      g.globalAlpha = 1;
      g.strokeStyle = colour('--vscode-focusBorder', '#007fd4');
      g.strokeRect(left + 0.5, 0.5, Math.max(0, size - 1), height - 1);
    }
    const none = opened.every((n) => n === 0);
    const slice = (this.data.to - this.data.from) / Math.max(1, opened.length);
    this.from.textContent = none ? '' : clockText(this.data.from);
    this.to.textContent = none ? '' : clockText(this.data.to);
    this.peak.textContent = none ? '' : t('peak: {0} in {1}', top.toLocaleString(), durationText(slice));
  }

  private setCursor(cursor: { anchor: number; at: number } | undefined): void {
    if (!cursor && !this.cursor) return;
    this.cursor = cursor;
    this.describe();
    this.draw();
  }
  private key(event: KeyboardEvent): void {
    const last = this.data.opened.length - 1;
    const at = this.cursor?.at ?? -1;
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last };
    const next = steps[event.key];
    if (next !== undefined) {
      const to = Math.max(0, Math.min(last, next));
      this.setCursor({ anchor: event.shiftKey && this.cursor ? this.cursor.anchor : to, at: to });
    } else if (event.key === 'Enter' && this.cursor) {
      const { anchor } = this.cursor;
      this.onDidPick(this.spanOf(Math.min(anchor, at), Math.max(anchor, at)));
    } else if (event.key === 'Escape' && this.cursor) this.setCursor(undefined);
    else if (event.key === 'Escape' && this.zoom) this.onDidPick(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private drag(down: PointerEvent): void {
    if (down.button !== 0) return;
    down.preventDefault(); // no text is dragged
    this.root.focus();
    const left = this.canvas.getBoundingClientRect().left;
    this.dragged = { from: down.clientX - left, to: down.clientX - left };
    const move = (e: PointerEvent): void => {
      this.dragged!.to = e.clientX - left;
      this.draw();
    };
    const up = (): void => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      const { from, to } = this.dragged!;
      this.dragged = undefined;
      this.draw();
      if (Math.abs(to - from) < leastDrag) return;
      const width = this.root.clientWidth;
      const at = (x: number): number =>
        this.data.from + (Math.min(Math.max(0, x), width) / width) * (this.data.to - this.data.from);
      this.onDidPick({ from: at(Math.min(from, to)), to: at(Math.max(from, to)) });
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
  }
}
