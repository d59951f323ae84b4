// A body: text with colours, an image, or bytes. Never as HTML.
import type { PanelBody } from '../../protocol/panel.ts';
import { bytesText } from '../../flow/text.ts';
import { element } from '../dom.ts';
import { hexView } from './hex.ts';
import { highlighted } from './highlight.ts';
import { t } from '../strings.ts';

export function bodyView(body: PanelBody, openInEditor: (() => void) | undefined): HTMLElement {
  const root = element('div', { class: 'body' });
  if (body.kind === 'none' && body.notes.length === 0) {
    root.append(element('p', { class: 'quiet' }, t('No body')));
    return root;
  }
  const bar = element(
    'div',
    { class: 'body-bar' },
    element('span', { class: 'quiet' }, [body.contentType, bytesText(body.size)].filter(Boolean).join(' · ')),
  );
  if (openInEditor && body.kind !== 'none') {
    const open = element('button', { class: 'link', type: 'button' }, t('Open in editor'));
    open.addEventListener('click', openInEditor);
    bar.append(open);
  }
  root.append(bar, ...body.notes.map((n) => element('p', { class: 'note' }, n)));
  if (body.kind === 'text') root.append(highlighted(body.text ?? '', body.language));
  else if (body.kind === 'image' && body.bytes) root.append(image(body.bytes, body.contentType));
  else if (body.bytes) root.append(hexView(body.bytes));
  return root;
}

/** Image decoders run no script; SVG, which could, arrives as text. */
function image(bytes: Uint8Array, contentType: string): HTMLElement {
  const url = URL.createObjectURL(new Blob([bytes.slice()], { type: contentType.split(';')[0]! }));
  const img = element('img', { class: 'preview', alt: t('Image body'), src: url });
  img.addEventListener('load', () => URL.revokeObjectURL(url));
  img.addEventListener('error', () => {
    URL.revokeObjectURL(url);
    img.replaceWith(hexView(bytes));
  });
  return img;
}
