// The line between table and detail: dragged, or moved by arrow keys. Where there is little height, they stand side by side.
import { element } from './dom.ts';
import { t } from './strings.ts';

const [least, most, step] = [0.15, 0.85, 0.05];

export class Sash {
  readonly root = element('div', { class: 'sash', role: 'separator', tabindex: 0, 'aria-label': t('Size of the detail'), 'aria-valuemin': least * 100, 'aria-valuemax': most * 100 }); // prettier-ignore
  private share: number;
  private readonly onDidChange: (share: number) => void;

  constructor(share: number | undefined, onDidChange: (share: number) => void) {
    this.onDidChange = onDidChange;
    this.share = typeof share === 'number' && share >= least && share <= most ? share : 0.5;
    this.root.addEventListener('pointerdown', (e) => this.drag(e));
    this.root.addEventListener('dblclick', () => this.set(0.5));
    this.root.addEventListener('keydown', (e) => this.key(e));
    window.addEventListener('resize', () => this.apply());
    this.apply();
  }

  private get sideBySide(): boolean {
    const split = this.root.parentElement;
    return split !== null && getComputedStyle(split).flexDirection === 'row';
  }
  private set(share: number): void {
    this.share = Math.min(most, Math.max(least, share));
    this.apply();
    this.onDidChange(this.share);
  }
  private apply(): void {
    document.body.style.setProperty('--detail-share', `${(this.share * 100).toFixed(2)}%`);
    this.root.setAttribute('aria-valuenow', String(Math.round(this.share * 100)));
    this.root.setAttribute('aria-orientation', this.sideBySide ? 'vertical' : 'horizontal');
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'ArrowUp' || event.key === 'ArrowLeft') this.set(this.share + step);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowRight') this.set(this.share - step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  private drag(down: PointerEvent): void {
    down.preventDefault();
    const box = this.root.parentElement!.getBoundingClientRect();
    const beside = this.sideBySide;
    this.root.setPointerCapture(down.pointerId);
    this.root.classList.add('active');
    const move = (e: PointerEvent): void =>
      this.set(beside ? (box.right - e.clientX) / box.width : (box.bottom - e.clientY) / box.height);
    this.root.addEventListener('pointermove', move);
    const end = (): void => {
      this.root.removeEventListener('pointermove', move);
      this.root.classList.remove('active');
    };
    this.root.addEventListener('pointerup', end, { once: true });
    this.root.addEventListener('pointercancel', end, { once: true });
  }
}
