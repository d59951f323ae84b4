// "Follow stream": both directions in the order they were said, as text or bytes.
import type { PanelStream } from '../../protocol/panel.ts';
import { bytesText, clockText } from '../../flow/text.ts';
import { element } from '../dom.ts';
import { link } from './body.ts';
import { hexView } from './hex.ts';
import { t } from '../strings.ts';

const decoder = new TextDecoder('utf-8');
/** Shown at once; a person reads no more, and the export has the rest. */
const maxShown = 1 << 20;

export function streamView(
  stream: PanelStream,
  as: 'text' | 'hex',
  save: (direction: 'up' | 'down') => void,
): HTMLElement {
  const root = element('div', { class: 'stream', tabindex: 0, role: 'log', 'aria-label': t('Stream') });
  const has = (up: boolean): boolean => stream.chunks.some((c) => c.up === up);
  if (stream.chunks.length > 0)
    root.append(
      element(
        'div',
        { class: 'body-bar' },
        has(true) ? link(t('Save what was sent…'), () => save('up')) : undefined,
        has(false) ? link(t('Save what was received…'), () => save('down')) : undefined,
      ),
    );
  let shown = 0;
  for (const chunk of stream.chunks) {
    if (shown >= maxShown) {
      root.append(element('p', { class: 'note' }, t('Only the first {0} are shown here.', bytesText(maxShown))));
      break;
    }
    shown += chunk.bytes.length;
    const title = `${chunk.up ? `↑ ${t('sent')}` : `↓ ${t('received')}`} · ${clockText(chunk.at)} · ${bytesText(chunk.bytes.length)}`;
    const content = as === 'hex' ? hexView(chunk.bytes, chunk.offset) : element('pre', {}, printable(chunk.bytes));
    root.append(
      element(
        'div',
        { class: `said ${chunk.up ? 'up' : 'down'}` },
        element('div', { class: 'said-by' }, title),
        content,
      ),
    );
  }
  const { up, down } = stream.missing;
  if (up + down > 0)
    root.append(element('p', { class: 'note' }, t('Not captured: {0} up, {1} down.', bytesText(up), bytesText(down))));
  if (stream.chunks.length === 0 && up + down === 0)
    root.append(element('p', { class: 'quiet' }, t('Nothing was said.')));
  return root;
}

/** Control characters as their pictures (U+2400…), so that payload cannot disturb the text around it. */
function printable(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(/(?![\t\n\r])\p{Cc}/gu, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
  });
}
