// Bytes as offset, hexadecimal and ASCII, a bounded number of lines at a time.
import { element } from '../dom.ts';
import { t } from '../strings.ts';

const perLine = 16;
export const hexPage = 4096;

/** One line of a dump: "00000010  48 65 …  He…". */
export function hexLine(bytes: Uint8Array, at: number, base: number): { offset: string; hex: string; ascii: string } {
  const part = bytes.subarray(at, at + perLine);
  const cells = Array.from(part, (b) => b.toString(16).padStart(2, '0'));
  const left = cells.slice(0, 8).join(' ');
  const right = cells.slice(8).join(' ');
  return {
    offset: (base + at).toString(16).padStart(8, '0'),
    hex: `${left.padEnd(23)}  ${right.padEnd(23)}`,
    ascii: Array.from(part, (b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join(''),
  };
}

/** `base` is the offset of the first byte in its stream. A long body shows its first page and a button for more. */
export function hexView(bytes: Uint8Array, base = 0): HTMLElement {
  const root = element('div', {
    class: 'hex',
    role: 'group',
    'aria-label': t('{0} bytes in hexadecimal', bytes.length),
  });
  let shown = 0;
  const more = element('button', { class: 'link', type: 'button' }, t('Show more'));
  const show = (): void => {
    const end = Math.min(bytes.length, shown + hexPage);
    const lines: HTMLElement[] = [];
    for (let at = shown; at < end; at += perLine) {
      const { offset, hex, ascii } = hexLine(bytes, at, base);
      lines.push(element('div', { class: 'hex-line' }, element('span', { class: 'offset' }, offset), element('span', { class: 'bytes' }, hex), element('span', { class: 'ascii' }, ascii))); // prettier-ignore
    }
    more.remove();
    root.append(...lines);
    shown = end;
    if (shown < bytes.length) root.append(more);
  };
  more.addEventListener('click', show);
  show();
  return root;
}
