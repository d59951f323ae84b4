// A body: text with colours, an image, or bytes. Never as HTML.
import type { PanelBody, PanelBodyInfo, PanelCommand } from '../../protocol/panel.ts';
import { bytesText } from '../../flow/text.ts';
import { element } from '../dom.ts';
import { hexView } from './hex.ts';
import { indentedJson } from './indentedJson.ts';
import { tokens } from './tokens.ts';
import { t } from '../strings.ts';

export interface BodyEvents {
  readonly load: () => Promise<PanelBody | undefined>;
  readonly command: (command: PanelCommand) => void;
}

/** Is filled when it is there: bodies are asked for one by one. */
export function bodyView(info: PanelBodyInfo, events: BodyEvents): HTMLElement {
  const root = element('div', { class: 'body' });
  if (info.size === 0) root.append(element('p', { class: 'quiet' }, t('No body')));
  else
    void events.load().then(
      (body) => (body ? fill(root, body, events) : root.append(element('p', { class: 'quiet' }, t('The body is no longer held.')))), // prettier-ignore
      (error: unknown) => root.append(element('p', { class: 'note' }, String(error))),
    );
  return root;
}

function fill(root: HTMLElement, body: PanelBody, { command }: BodyEvents): void {
  const said = [body.contentType, body.coding, bytesText(body.size)].filter(Boolean).join(' · ');
  const bar = element('div', { class: 'body-bar' }, element('span', { class: 'quiet' }, said));
  if (body.kind !== 'none') {
    bar.append(
      link(t('Open in editor'), () => command('openBody')),
      link(t('Save as…'), () => command('saveBody')),
    );
    if (body.coding) bar.append(link(t('Save as sent ({0})…', body.coding), () => command('saveBodyRaw')));
  }
  root.append(bar, ...body.notes.map((n) => element('p', { class: 'note' }, n)));
  if (body.kind === 'text') showText(root, bar, body.text ?? '', body.language);
  else if (body.kind === 'image' && body.bytes) root.append(image(body.bytes, body.contentType));
  else if (body.bytes) root.append(hexView(body.bytes));
}

/** JSON is laid out at first; a link in the bar shows it as it was sent, and back. */
function showText(root: HTMLElement, bar: HTMLElement, sent: string, language: string | undefined): void {
  const laidOut = language === 'json' ? indentedJson(sent) : undefined;
  let shown = text(laidOut ?? sent, language);
  root.append(shown);
  if (laidOut === undefined) return;
  let asSent = false;
  const toggle = link(t('Show as sent'), () => {
    asSent = !asSent;
    toggle.textContent = asSent ? t('Show laid out') : t('Show as sent');
    const next = text(asSent ? sent : laidOut, language);
    shown.replaceWith(next);
    shown = next;
  });
  bar.append(toggle);
}

export function link(label: string, action: () => void): HTMLElement {
  const b = element('button', { class: 'link', type: 'button' }, label);
  b.addEventListener('click', action);
  return b;
}

function text(content: string, language: string | undefined): HTMLElement {
  const pieces = tokens(content, language).map(({ text: piece, kind }) =>
    kind ? element('span', { class: `token ${kind}` }, piece) : piece,
  );
  return element('pre', { class: 'text-body', tabindex: 0 }, ...pieces);
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
