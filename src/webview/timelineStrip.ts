// The strip above the table: flows per slice of time, failures marked; dragging picks a span, double click all of it.
import type { PanelTimeline } from '../protocol/panel.ts';
import { element, perFrame } from './dom.ts';
import { t } from './strings.ts';
import type { TimeSpan } from './table/timelineBar.ts';

const height = 40;

export class TimelineStrip {
  readonly root = element('div', { class: 'strip', role: 'img' });
  private readonly canvas = element('canvas', { height });
  private readonly label = element('div', { class: 'strip-label' });
  private data: PanelTimeline = { from: 0, to: 0, opened: [], failed: [] };
  private dragged: { from: number; to: number } | undefined;
  private readonly onDidPick: (span: TimeSpan | undefined) => void;
  readonly draw = perFrame(() => this.render());

  constructor(onDidPick: (span: TimeSpan | undefined) => void) {
    this.onDidPick = onDidPick;
    this.root.append(this.canvas, this.label);
    this.canvas.addEventListener('pointerdown', (e) => this.drag(e));
    this.canvas.addEventListener('dblclick', () => onDidPick(undefined));
    new ResizeObserver(() => this.draw()).observe(this.root);
    // Canvas does not follow theme variables by itself.
    new MutationObserver(() => this.draw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  get slices(): number {
    return Math.max(20, Math.floor(this.root.clientWidth / 4));
  }
  set(data: PanelTimeline): void {
    this.data = data;
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    this.root.setAttribute(
      'aria-label',
      t(
        '{0} flows, {1} failed, over {2} seconds',
        sum(data.opened),
        sum(data.failed),
        ((data.to - data.from) / 1e6).toFixed(1),
      ),
    );
    this.draw();
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
    const { opened, failed } = this.data;
    const top = Math.max(1, ...opened);
    const step = width / Math.max(1, opened.length);
    opened.forEach((n, i) => {
      const tall = (n / top) * (height - 4);
      const bad = ((failed[i] ?? 0) / top) * (height - 4);
      g.fillStyle = colour('--vscode-charts-blue', '#3794ff');
      g.fillRect(i * step, height - tall, Math.max(1, step - 1), tall);
      g.fillStyle = colour('--vscode-charts-red', '#f14c4c');
      // A failure among a thousand flows must still be seen.
      if (bad > 0) g.fillRect(i * step, height - Math.max(2, bad), Math.max(1, step - 1), Math.max(2, bad));
    });
    if (this.dragged) {
      g.fillStyle = colour('--vscode-editor-selectionBackground', 'rgba(100,150,255,0.3)');
      g.fillRect(
        Math.min(this.dragged.from, this.dragged.to),
        0,
        Math.abs(this.dragged.to - this.dragged.from),
        height,
      );
    }
    this.label.textContent =
      opened.length > 0
        ? t('up to {0} per {1} ms', top, ((this.data.to - this.data.from) / opened.length / 1e3).toFixed(0))
        : '';
  }

  private drag(down: PointerEvent): void {
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
      if (Math.abs(to - from) < 4) return;
      const at = (x: number): number =>
        this.data.from +
        (Math.min(Math.max(0, x), this.root.clientWidth) / this.root.clientWidth) * (this.data.to - this.data.from);
      this.onDidPick({ from: at(Math.min(from, to)), to: at(Math.max(from, to)) });
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
  }
}
