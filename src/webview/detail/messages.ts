// The messages of a flow, each of which unfolds. What is inside is made when it is first opened.
import type { PanelBody, PanelCommand, PanelDetail, PanelHttpSide, PanelMessage, PanelSide } from '../../protocol/panel.ts'; // prettier-ignore
import { clockText } from '../../flow/text.ts';
import { element } from '../dom.ts';
import { bodyView } from './body.ts';
import { fieldTable } from './overview.ts';
import { t } from '../strings.ts';

export interface MessageEvents {
  readonly body: (message: number, side: PanelSide | undefined) => Promise<PanelBody | undefined>;
  readonly command: (command: PanelCommand, message: number, side: PanelSide | undefined) => void;
}
/** So few messages are open at first. */
const openAtFirst = 3;

/** `opened`: by index, what the user opened or closed before. */
export function messageList(detail: PanelDetail, opened: Map<number, boolean>, events: MessageEvents): HTMLElement[] {
  const notes = detail.notes.map((n) => element('p', { class: 'note' }, n));
  if (detail.messages.length === 0)
    return [...notes, element('p', { class: 'quiet' }, t('No messages were recognised. "Stream" and "Bytes" show what was said.'))]; // prettier-ignore
  const few = detail.messages.length <= openAtFirst;
  return [...notes, ...detail.messages.map((m, i) => message(m, opened.get(m.index) ?? (few || i === 0), opened, events))]; // prettier-ignore
}

function message(m: PanelMessage, open: boolean, opened: Map<number, boolean>, events: MessageEvents): HTMLElement {
  const arrow = m.kind === 'http' ? '⇅' : m.up ? '↑' : '↓';
  const root = element(
    'details',
    { class: 'message', open },
    element('summary', {}, element('span', { class: 'title' }, `${arrow} ${titleOf(m)}`), element('span', { class: 'preview-text' }, m.kind === 'frame' ? m.preview : ''), element('span', { class: 'quiet' }, clockText(m.at))), // prettier-ignore
  );
  let filled = false;
  const fill = (): void => {
    if (filled || !root.open) return;
    filled = true;
    root.append(element('div', { class: 'message-content' }, ...content(m, events)));
  };
  fill();
  root.addEventListener('toggle', () => {
    opened.set(m.index, root.open);
    fill();
  });
  return root;
}

function titleOf(m: PanelMessage): string {
  if (m.kind !== 'dns') return m.title;
  const asked = m.dns.questions.map((q) => `${q.type} ${q.name}`).join(', ');
  return m.dns.response ? t('Answer {0}', asked) : t('Question {0}', asked);
}

function content(m: PanelMessage, events: MessageEvents): HTMLElement[] {
  switch (m.kind) {
    case 'http':
      return [...httpSide(t('Request'), 'request', m.index, m.request, events), ...httpSide(t('Response'), 'response', m.index, m.response, events)]; // prettier-ignore
    case 'frame':
      return [bodyView(m.body, { load: () => events.body(m.index, undefined), command: (c) => events.command(c, m.index, undefined) })]; // prettier-ignore
    case 'handshake':
      return [fieldTable(m.fields)];
    case 'dns': {
      const answers = m.dns.answers.map((a) => [`${a.type} ${a.name}`, `${a.data} (TTL ${a.ttl} s)`] as const);
      return [fieldTable([...(m.dns.response ? [[t('Result'), m.dns.code] as const] : []), ...answers])];
    }
  }
}

function httpSide(title: string, side: PanelSide, index: number, http: PanelHttpSide | undefined, events: MessageEvents): HTMLElement[] {
  if (!http)
    return [element('h4', {}, title), element('p', { class: 'quiet' }, side === 'response' ? t('No response') : t('The request was not captured'))];
  return [
    element('h4', {}, title),
    element('pre', { class: 'start-line' }, http.startLine),
    fieldTable([...http.headers, ...http.trailers.map(([n, v]) => [`${n} (trailer)`, v] as const)]),
    bodyView(http.body, { load: () => events.body(index, side), command: (c) => events.command(c, index, side) }),
  ];
} // prettier-ignore
