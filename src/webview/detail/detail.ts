// The detail of one flow: tabs for overview, messages, stream and bytes. Each tab is filled when it is first shown.
import type { FlowId } from '../../flow/model.ts';
import type { PanelBody, PanelCommand, PanelDetail, PanelRow, PanelSide, PanelStream } from '../../protocol/panel.ts';
import { button, element, replace } from '../dom.ts';
import { messageList } from './messages.ts';
import { overview } from './overview.ts';
import { streamView } from './stream.ts';
import { t } from '../strings.ts';

export interface DetailEvents {
  readonly stream: (id: FlowId) => Promise<PanelStream | undefined>;
  readonly body: (id: FlowId, message: number, side: PanelSide | undefined) => Promise<PanelBody | undefined>;
  readonly command: (command: PanelCommand, message?: number, side?: PanelSide) => void;
  readonly onDidAskMenu: (x: number, y: number) => void;
  readonly onDidChangeTab: (tab: Tab) => void;
  readonly onDidClose: () => void;
}
const tabs = ['overview', 'messages', 'stream', 'bytes'] as const;
export type Tab = (typeof tabs)[number];
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
  private tab: Tab;
  private asked = 0;
  private readonly opened = new Map<number, boolean>();

  constructor(events: DetailEvents, tab: Tab | undefined) {
    this.events = events;
    this.tab = tab && tabs.includes(tab) ? tab : 'overview';
    this.tabList.append(...tabs.map((name) => this.tabButton(name)));
    const more = button(t('More actions'), 'ellipsis', () => {
      const { left, bottom } = more.getBoundingClientRect();
      events.onDidAskMenu(left, bottom);
    });
    const close = button(t('Close detail (Escape)'), 'close', events.onDidClose);
    this.root.append(element('div', { class: 'detail-bar' }, this.title, this.tabList, more, close), this.content);
    this.root.addEventListener('keydown', (e) => e.key === 'Escape' && events.onDidClose());
  }

  get shownId(): FlowId | undefined {
    return this.root.hidden ? undefined : this.detail?.row.id;
  }
  get stamp(): string | undefined {
    return this.detail?.stamp;
  }
  get row(): PanelRow | undefined {
    return this.detail?.row;
  }
  hide(): void {
    this.root.hidden = true;
    this.detail = undefined;
  }
  /** A flow that goes on is shown again with what is new; the tab, the place in it and what is open stay. */
  show(detail: PanelDetail): void {
    const again = this.shownId === detail.row.id;
    const top = again ? this.content.scrollTop : 0;
    if (!again) this.opened.clear();
    this.detail = detail;
    this.root.hidden = false;
    const { row } = detail;
    this.root.dataset['state'] = row.state;
    this.title.textContent = `${row.process || t('unknown process')} → ${row.host.includes(':') ? `[${row.host}]` : row.host}:${row.port}`;
    this.title.title = this.title.textContent;
    const count = detail.messages.length;
    this.tabList.querySelector('[data-tab="messages"] .badge')!.textContent = count > 0 ? String(count) : '';
    void this.draw().then(() => (this.content.scrollTop = top));
  }
  focus(): void {
    this.content.focus();
  }
  select(tab: Tab): void {
    this.tab = tab;
    this.events.onDidChangeTab(tab);
    void this.draw().then(() => (this.content.scrollTop = 0));
  }

  private tabButton(tab: Tab): HTMLElement {
    const b = element(
      'button',
      { class: 'tab', role: 'tab', type: 'button', 'aria-controls': 'detail-content', 'data-tab': tab },
      tabTitles[tab],
      tab === 'messages' ? element('span', { class: 'badge' }) : undefined,
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
    const { id } = detail.row;
    if (tab === 'overview') return replace(this.content, ...overview(detail));
    if (tab === 'messages') {
      const events = {
        body: (message: number, side: PanelSide | undefined) => this.events.body(id, message, side),
        command: (command: PanelCommand, message: number, side: PanelSide | undefined) =>
          this.events.command(command, message, side),
      };
      return replace(this.content, ...messageList(detail, this.opened, events));
    }
    const stream = await this.events.stream(id);
    if (mine !== this.asked) return;
    const save = (direction: 'up' | 'down'): void =>
      this.events.command(direction === 'up' ? 'saveSent' : 'saveReceived');
    replace(
      this.content,
      stream
        ? streamView(stream, tab === 'bytes' ? 'hex' : 'text', save)
        : element('p', { class: 'quiet' }, t('This flow is gone.')),
    );
  }
}
