// Which rows a scroll position shows. Rows are of one height, so this is arithmetic: nothing is held per row, and a
// million rows cost what fifty cost. (A measured virtualizer was tried: 70 to 210 ms for each new row at a million.)

export const rowHeight = 22; // as VS Code's own lists
/** Browsers lay nothing out beyond about 33.5 million pixels; longer tables scroll in larger steps. */
const maxHeight = 30_000_000;

export interface Window {
  /** Rows [from, to) are drawn. */
  readonly from: number;
  readonly to: number;
  /** Where row `from` is, in pixels from the top of the scrolled content. */
  readonly top: number;
}

/** Rows that are drawn beyond those in view, on either side. */
export const overscan = 8;

export const contentHeight = (count: number): number => Math.min(count * rowHeight, maxHeight);

/** How far one scrolls for a row. */
export const rowPixels = (count: number): number => (count === 0 ? rowHeight : contentHeight(count) / count);

/** How far the first visible row is, in pixels of rows, for a scroll position. */
function rowOffset(scrollTop: number, viewport: number, count: number): number {
  const height = contentHeight(count);
  const real = count * rowHeight;
  if (real <= height || height <= viewport) return scrollTop;
  return (scrollTop / (height - viewport)) * (real - viewport);
}

export function windowAt(scrollTop: number, viewport: number, count: number): Window {
  const offset = Math.max(0, rowOffset(scrollTop, viewport, count));
  const first = Math.floor(offset / rowHeight);
  const from = Math.max(0, Math.min(first, count) - overscan);
  const to = Math.min(count, first + Math.ceil(viewport / rowHeight) + 1 + overscan);
  return { from, to, top: scrollTop + from * rowHeight - offset };
}

/** The scroll position that shows a row, changed as little as possible; the present one where the row is in view. */
export function scrollTo(row: number, scrollTop: number, viewport: number, count: number): number {
  const offset = rowOffset(scrollTop, viewport, count);
  const [top, bottom] = [row * rowHeight, (row + 1) * rowHeight];
  const wanted = top < offset ? top : bottom > offset + viewport ? bottom - viewport : offset;
  if (wanted === offset) return scrollTop;
  const height = contentHeight(count);
  const real = count * rowHeight;
  return real <= height ? wanted : (wanted / (real - viewport)) * (height - viewport);
}
