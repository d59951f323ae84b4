// Where the table is scrolled to. What only the browser's layout knows is read when it changes, not for each frame.
import { element } from '../dom.ts';
import { contentHeight, rowHeight, scrollTo, windowAt, type Window } from './window.ts';

export interface ViewportEvents {
  readonly onDidScroll: () => void;
  readonly onDidResize: () => void;
}

export class Viewport {
  readonly root = element('div', { class: 'viewport', role: 'presentation' });
  readonly content = element('div', { class: 'content', role: 'rowgroup' });
  private readonly header: HTMLElement;
  /** Rows that the content is laid out for. */
  private rows = 0;
  private top = 0;
  private left = 0;
  private height = 0;
  private bar = 0;

  /** `header` is scrolled sideways with the rows. */
  constructor(header: HTMLElement, { onDidScroll, onDidResize }: ViewportEvents) {
    this.header = header;
    this.root.append(this.content);
    this.root.addEventListener(
      'scroll',
      () => {
        this.scrolled();
        onDidScroll();
      },
      { passive: true },
    );
    // A header cell that gets the focus is brought into view.
    header.addEventListener('scroll', () => (this.root.scrollLeft = header.scrollLeft), { passive: true });
    // Its content box is smaller where there is a scroll bar, so one that comes or goes is told of as well.
    new ResizeObserver(() => this.resized() && onDidResize()).observe(this.root);
  }

  get scrollTop(): number {
    return this.top;
  }
  /** Rows that are seen at once. */
  get fitting(): number {
    return Math.ceil(this.height / rowHeight);
  }
  /** What is to be drawn. */
  get window(): Window {
    return windowAt(this.top, this.height, this.rows);
  }
  get end(): number {
    return Math.max(0, contentHeight(this.rows) - this.height);
  }
  get atEnd(): boolean {
    return this.top + this.height >= contentHeight(this.rows) - rowHeight;
  }
  get atStart(): boolean {
    return this.top < rowHeight;
  }

  setRows(count: number): void {
    if (count === this.rows) return;
    if (contentHeight(count) !== contentHeight(this.rows)) this.content.style.height = `${contentHeight(count)}px`;
    this.rows = count;
  }
  scroll(top: number): void {
    if (top === this.top) return;
    this.root.scrollTop = top;
    this.top = this.root.scrollTop; // the browser may have cut it
  }
  /** Changed as little as possible. */
  reveal(row: number): void {
    this.scroll(scrollTo(row, this.top, this.height, this.rows));
  }

  private scrolled(): void {
    const { scrollTop, scrollLeft } = this.root;
    this.top = scrollTop;
    if (scrollLeft !== this.left) this.header.scrollLeft = this.left = scrollLeft;
  }
  /** False where nothing is different. */
  private resized(): boolean {
    const { clientHeight, clientWidth, offsetWidth, scrollTop } = this.root;
    const bar = offsetWidth - clientWidth;
    if (clientHeight === this.height && scrollTop === this.top && bar === this.bar) return false;
    this.height = clientHeight;
    this.top = scrollTop;
    if (bar !== this.bar) this.header.style.paddingRight = `${(this.bar = bar)}px`; // beside the scroll bar
    return true;
  }
}
