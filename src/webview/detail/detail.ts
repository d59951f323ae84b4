// The detail of one flow: tabs for overview, messages, stream and bytes. Each tab is filled when it is first shown.
import type { FlowId } from '../../flow/model.ts';
import type { PanelCommand, PanelDetail, PanelHttpSide, PanelMessage, PanelStream } from '../../protocol/panel.ts';
import { clockText, durationText } from '../../flow/text.ts';
import { button, element, replace } from '../dom.ts';
import { bodyView } from './body.ts';
import { streamView } from './stream.ts';
import { t } from '../strings.ts';

export interface DetailEvents {
  readonly stream: (id: FlowId) => Promise<PanelStream | undefined>;
  readonly command: (command: PanelCommand, message?: number, side?: 'request' | 'response') => void;
  readonly onDidClose: () => void;
}
const tabs = ['overview', 'messages', 'stream', 'bytes'] as const;
type Tab = (typeof tabs)[number];
const tabTitles: Readonly<Record<Tab, string>> = {
  overview: t('Overview'),
  messages: t('Messages'),
  stream: t('Stream'),
  bytes: t('Bytes'),
};

export class Detail {
  readonly root = element('section', { class: 'detail', hidden: true, 'aria-label': t('Flow detail') });
  private readonly title = element('span', { class: 'detail-title' });
  private readonly tabList = element('div', { class: 'tabs', role: 'tablist' });
  private readonly content = element('div', {
    class: 'tab-content',
    role: 'tabpanel',
    id: 'detail-content',
    tabindex: 0,
  });
  private readonly events: DetailEvents;
  private detail: PanelDetail | undefined;
  private tab: Tab = 'overview';
  private asked = 0;

  constructor(events: DetailEvents) {
    this.events = events;
    this.tabList.append(...tabs.map((tab) => this.tabButton(tab)));
    const close = button(t('Close detail (Escape)'), 'close', events.onDidClose);
    this.root.append(element('div', { class: 'detail-bar' }, this.title, this.tabList, close), this.content);
    this.root.addEventListener('keydown', (e) => e.key === 'Escape' && events.onDidClose());
  }

  get shownId(): FlowId | undefined {
    return this.root.hidden ? undefined : this.detail?.row.id;
  }
  hide(): void {
    this.root.hidden = true;
    this.detail = undefined;
  }
  /** A flow that goes on is shown again with what is new; the tab and the scroll position stay. */
  show(detail: PanelDetail): void {
    const again = this.detail?.row.id === detail.row.id && !this.root.hidden;
    const top = again ? this.content.scrollTop : 0;
    this.detail = detail;
    this.root.hidden = false;
    this.title.textContent = `${detail.row.process || t('unknown process')} → ${detail.row.host}:${detail.row.port}`;
    void this.draw().then(() => (this.content.scrollTop = top));
  }
  focus(): void {
    this.content.focus();
  }
  select(tab: Tab): void {
    this.tab = tab;
    void this.draw();
  }

  private tabButton(tab: Tab): HTMLElement {
    const b = element(
      'button',
      { class: 'tab', role: 'tab', type: 'button', 'aria-controls': 'detail-content', 'data-tab': tab },
      tabTitles[tab],
    );
    b.addEventListener('click', () => this.select(tab));
    b.addEventListener('keydown', (e) => {
      const by = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
      if (by === 0) return;
      this.select(tabs[(tabs.indexOf(this.tab) + by + tabs.length) % tabs.length]!);
      this.tabList.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    });
    return b;
  }

  private async draw(): Promise<void> {
    const { detail, tab } = this;
    if (!detail) return;
    for (const b of this.tabList.children) {
      const on = (b as HTMLElement).dataset['tab'] === tab;
      b.setAttribute('aria-selected', String(on));
      b.setAttribute('tabindex', on ? '0' : '-1');
    }
    const mine = ++this.asked;
    if (tab === 'overview') return replace(this.content, ...overview(detail));
    if (tab === 'messages') return replace(this.content, ...this.messages(detail));
    const stream = await this.events.stream(detail.row.id);
    if (mine === this.asked)
      replace(
        this.content,
        stream
          ? streamView(stream, tab === 'bytes' ? 'hex' : 'text')
          : element('p', { class: 'quiet' }, t('This flow is gone.')),
      );
  }

  private messages(detail: PanelDetail): HTMLElement[] {
    const notes = detail.notes.map((n) => element('p', { class: 'note' }, n));
    if (detail.messages.length === 0)
      return [
        ...notes,
        element('p', { class: 'quiet' }, t('No messages were recognised. "Stream" and "Bytes" show what was said.')),
      ];
    return [...notes, ...detail.messages.map((m, i) => this.message(m, i === 0 || detail.messages.length < 4))];
  }

  private message(m: PanelMessage, open: boolean): HTMLElement {
    const title =
      m.kind === 'http'
        ? m.title
        : m.kind === 'dns'
          ? `${m.dns.response ? 'Answer' : 'Question'} ${m.dns.questions.map((q) => `${q.type} ${q.name}`).join(', ')}`
          : m.title;
    const arrow = m.kind === 'http' ? '⇅' : m.up ? '↑' : '↓';
    const root = element(
      'details',
      { class: 'message', open },
      element('summary', {}, `${arrow} ${title}`, element('span', { class: 'quiet' }, ` ${clockText(m.at)}`)),
    );
    switch (m.kind) {
      case 'http':
        root.append(
          ...this.httpSide(t('Request'), 'request', m.index, m.request),
          ...this.httpSide(t('Response'), 'response', m.index, m.response),
        );
        break;
      case 'frame':
        root.append(bodyView(m.body, undefined));
        break;
      case 'handshake':
        root.append(fieldTable(m.fields));
        break;
      case 'dns':
        root.append(
          fieldTable([
            [t('Result'), m.dns.code],
            ...m.dns.answers.map((a) => [`${a.type} ${a.name}`, `${a.data} (TTL ${a.ttl} s)`] as const),
          ]),
        );
    }
    return root;
  }

  private httpSide(
    title: string,
    side: 'request' | 'response',
    index: number,
    http: PanelHttpSide | undefined,
  ): HTMLElement[] {
    if (!http)
      return [
        element('h4', {}, title),
        element('p', { class: 'quiet' }, side === 'response' ? t('No response') : t('The request was not captured')),
      ];
    return [
      element('h4', {}, title),
      element('pre', { class: 'start-line' }, http.startLine),
      fieldTable([...http.headers, ...http.trailers.map(([n, v]) => [`${n} (trailer)`, v] as const)]),
      bodyView(http.body, () => this.events.command('openBody', index, side)),
    ];
  }
}

function fieldTable(fields: readonly (readonly [string, string])[]): HTMLElement {
  return element(
    'dl',
    { class: 'fields' },
    ...fields.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

function overview(detail: PanelDetail): HTMLElement[] {
  const { dial, tls, firstByte, total } = detail.timings;
  const times = [[t('Dial'), dial], ['TLS', tls], [t('First byte'), firstByte], [t('Total'), total]] as const; // prettier-ignore
  const known = times.flatMap(([name, ms]): [string, string][] =>
    ms === undefined ? [] : [[name, durationText(ms * 1000)]],
  );
  return [
    ...(detail.explanation ? [element('p', { class: 'explanation', role: 'note' }, detail.explanation)] : []),
    ...detail.overview.flatMap(({ title, fields }) => [element('h4', {}, title), fieldTable(fields)]),
    ...(known.length > 0 ? [element('h4', {}, t('Timings')), fieldTable(known)] : []),
    ...detail.notes.map((n) => element('p', { class: 'note' }, n)),
  ];
}
