// The panel: query bar, timeline strip, table, detail. What it shows is asked of the host; only view state lives here.
import type { FlowId } from '../flow/model.ts';
import type { PanelCommand, PanelRow, PanelRows, PanelSide, PanelState } from '../protocol/panel.ts';
import { button, element, icon, perFrame } from './dom.ts';
import { Detail } from './detail/detail.ts';
import { Menu } from './menu.ts';
import { QueryBar } from './queryBar.ts';
import { Host } from './rpc.ts';
import { restored, type Saved } from './saved.ts';
import { Sash } from './sash.ts';
import { restoreLayout } from './table/layout.ts';
import { select } from './table/selection.ts';
import { Table } from './table/table.ts';
import { TimelineStrip } from './timelineStrip.ts';
import './panel.css';
import { t } from './strings.ts';

/** The strip and the detail need no more than two looks a second, in milliseconds; of many flows the strip changes slowly. */
const slowEvery = 500;
const slowestEvery = 2000;
const manyFlows = 200_000;
const saveAfter = 250;

const host = new Host((event) => panel?.heard(event));
let panel: Panel | undefined;

class Panel {
  private state: PanelState;
  private saved: Partial<Saved>;
  private saving = 0;
  private lastSlow = 0;
  private slowTimer = 0;
  private readonly followButton = button(t('Follow the newest flow'), 'arrow-down', () => this.toggleFollow());
  private readonly count = element('span', { class: 'count' });
  private readonly announcer = element('span', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  private readonly warning = element('span', { class: 'warning' });
  private readonly progress = element('progress', { max: 1, hidden: true, 'aria-label': t('Reading') });
  private readonly queryBar: QueryBar;
  private readonly strip: TimelineStrip;
  private readonly table: Table;
  private readonly detail: Detail;
  private readonly sash: Sash;
  private readonly refreshSlow = perFrame(() => void this.refreshTimeline());

  constructor(state: PanelState, saved: Partial<Saved>) {
    this.state = state;
    this.saved = saved;
    this.queryBar = new QueryBar({
      complete: (query, cursor) => host.request('complete', { query, cursor }),
      apply: (query) => this.applyQuery(query),
    });
    this.strip = new TimelineStrip((span) => this.zoom(span));
    this.table = new Table(
      {
        fetch: (from, to) => host.request('rows', { from, to }),
        ids: (from, to) => host.request('ids', { from, to }),
        indexOf: (id) => host.request('indexOf', { id }),
        onDidSelect: ({ ids, active }) => {
          this.save({ selected: ids.size <= 1 && active !== undefined ? active : undefined });
          if (this.detail.shownId !== undefined && active !== undefined) void this.showDetail(active);
        },
        onDidOpen: (id) => void this.showDetail(id).then(() => this.detail.focus()),
        onDidAskMenu: (x, y, ids, row) => this.contextMenu(x, y, ids, row),
        onDidCopy: (ids) => this.run('copyText', ids),
        onDidSort: (column, descending) => {
          this.save({ sort: { column, descending } });
          void host.request('setSort', { column, descending });
        },
        onDidChangeLayout: (layout) => this.save({ layout }),
        onDidChangeFollow: (follow) => {
          this.followButton.setAttribute('aria-pressed', String(follow));
          this.save({ follow });
        },
        onDidAskClear: () => void this.queryBar.set(''),
        onDidAskCapture: () => this.run('captureTerminal', []),
        onDidLimit: (most) => this.say(t('Only the first {0} of these flows are selected; a query selects more.', most)), // prettier-ignore
      },
      restoreLayout(saved.layout),
    );
    this.detail = new Detail(
      {
        stream: (id) => host.request('stream', { id }),
        body: (id, message, side) => host.request('body', { id, message, ...(side && { side }) }),
        command: (command, message, side) => this.run(command, this.shown, message, side),
        onDidAskMenu: (x, y) => this.contextMenu(x, y, this.shown, this.detail.row),
        onDidChangeTab: (tab) => this.save({ tab }),
        onDidClose: () => {
          this.hideDetail();
          this.table.focus();
        },
      },
      saved.tab,
    );
    this.sash = new Sash(saved.share, (share) => this.save({ share }));
    this.sash.root.hidden = true;
    document.body.dataset['place'] = state.place;
    const clear = button(t('Clear the query'), 'close', () => void this.queryBar.set(''));
    this.queryBar.addAction(clear);
    document.body.append(
      element('header', { class: 'bar' }, this.queryBar.root, this.count, this.warning, this.progress, this.followButton, this.announcer), // prettier-ignore
      this.strip.root,
      element('main', { class: 'split' }, this.table.area, this.sash.root, this.detail.root),
    );
    document.addEventListener('keydown', (e) => {
      if (e.key !== 'f' || !(e.ctrlKey || e.metaKey)) return;
      e.preventDefault();
      e.stopPropagation();
      this.queryBar.focus();
    });
    // Ages and bars of open flows move on by themselves.
    setInterval(() => !document.hidden && this.table.draw(), 1000);
  }

  /** What was there before the page went: the order, the query, and of the same flows the selection. */
  async restore(): Promise<void> {
    const { saved, state } = this;
    this.table.setFollow(saved.follow ?? true);
    const { sort } = saved;
    if (sort) await host.request('setSort', sort).catch(() => {});
    this.strip.setZoom(saved.zoom);
    this.setState(this.state); // the host may have told of the new order already
    const query = saved.query ?? state.query;
    if (query) await this.queryBar.set(query);
    if (saved.store !== state.store) return this.save({ store: state.store, selected: undefined, shown: undefined });
    if (saved.selected !== undefined) {
      const index = await host.request('indexOf', { id: saved.selected });
      if (index >= 0) {
        if (!this.table.following) this.table.reveal(index, saved.selected);
        else this.table.setSelection(select(saved.selected));
      }
    }
    if (saved.shown !== undefined) await this.showDetail(saved.shown);
  }

  heard(event: Parameters<ConstructorParameters<typeof Host>[0]>[0]): void {
    if (event.kind === 'state') this.setState(event.state, event.newest);
    else if (event.kind === 'query') void this.queryBar.set(event.query);
    else void this.reveal(event.id);
  }

  private setState(next: PanelState, newest?: PanelRows): void {
    const { state } = this;
    const reordered = next.query !== state.query || next.sort.column !== state.sort.column || next.sort.descending !== state.sort.descending; // prettier-ignore
    this.state = next;
    this.table.setState(next, reordered, newest);
    host.taken(this.table.follows);
    const text =
      next.count === next.total
        ? next.total === 1
          ? t('1 flow')
          : t('{0} flows', next.total.toLocaleString())
        : t('{0} of {1} flows', next.count.toLocaleString(), next.total.toLocaleString());
    if (this.count.textContent !== text) this.count.textContent = text;
    if (next.query !== state.query) this.say(t('{0} of them match', next.count.toLocaleString()));
    if (this.warning.title !== next.warning) {
      this.warning.replaceChildren(...(next.warning ? [icon('warning'), next.warning] : []));
      this.warning.title = next.warning;
    }
    this.progress.hidden = next.progress === undefined;
    if (next.progress !== undefined) this.progress.value = next.progress;
    if (document.title !== next.source) document.title = next.source;
    this.later(reordered);
  }

  /** The last change counts too: what came within the pause is looked at when it is over. */
  private later(atOnce: boolean): void {
    const every = this.state.total > manyFlows ? slowestEvery : slowEvery;
    const wait = atOnce ? 0 : Math.max(0, this.lastSlow + every - performance.now());
    if (this.slowTimer !== 0 && !atOnce) return;
    window.clearTimeout(this.slowTimer);
    this.slowTimer = window.setTimeout(() => {
      this.slowTimer = 0;
      this.lastSlow = performance.now();
      this.refreshSlow();
      if (this.detail.shownId !== undefined) void this.showDetail(this.detail.shownId);
    }, wait);
  }

  private async refreshTimeline(): Promise<void> {
    const timeline = await host.request('timeline', { slices: this.strip.slices, ...this.strip.zoomed });
    this.strip.set(timeline);
    this.table.setSpan({ from: timeline.from, to: timeline.to });
  }

  private async applyQuery(query: string) {
    const { error } = await host.request('setQuery', { query });
    if (error) return error;
    this.save({ query });
    if (this.strip.zoomed && !/(^|[\s(])start:/.test(query)) this.setZoom(undefined);
    return undefined;
  }

  private zoom(span: { from: number; to: number } | undefined): void {
    this.setZoom(span);
    const rest = this.queryBar.query.replace(/(^|\s+)start:\S*/g, '').trim();
    const iso = (at: number): string => new Date(at / 1000).toISOString();
    void this.queryBar.set(span ? `${rest} start:${iso(span.from)}..${iso(span.to)}`.trim() : rest);
  }
  private setZoom(zoom: { from: number; to: number } | undefined): void {
    this.strip.setZoom(zoom);
    this.save({ zoom });
    this.refreshSlow();
  }

  private toggleFollow(): void {
    const follow = !this.table.following || this.state.sort.column !== 'start';
    if (follow && this.state.sort.column !== 'start') {
      this.save({ sort: { column: 'start', descending: false } });
      void host.request('setSort', { column: 'start', descending: false });
    }
    this.table.setFollow(follow);
  }

  private get shown(): readonly FlowId[] {
    return this.detail.shownId === undefined ? [] : [this.detail.shownId];
  }
  private async showDetail(id: FlowId): Promise<void> {
    const stamp = this.detail.shownId === id ? this.detail.stamp : undefined;
    const found = await host.request('detail', { id, ...(stamp !== undefined && { stamp }) });
    if (found === 'unchanged') return;
    if (!found) return this.hideDetail();
    this.detail.show(found);
    this.sash.root.hidden = false;
    this.save({ shown: id });
  }
  private hideDetail(): void {
    this.detail.hide();
    this.sash.root.hidden = true;
    this.save({ shown: undefined });
  }

  private async reveal(id: FlowId): Promise<void> {
    let index = await host.request('indexOf', { id });
    if (index < 0) {
      await this.queryBar.set(''); // the query hides it
      index = await host.request('indexOf', { id });
    }
    if (index >= 0) this.table.reveal(index, id);
  }

  /** Failures are told by the host. */
  private run(command: PanelCommand, ids: readonly FlowId[], message?: number, side?: PanelSide): void {
    const which = { ...(message !== undefined && { message }), ...(side && { side }) };
    void host.request('command', { command, ids: [...ids], ...which }).catch(() => {});
  }

  private contextMenu(x: number, y: number, ids: readonly FlowId[], row: PanelRow | undefined): void {
    const item = (label: string, command: PanelCommand, disabled = false, key = '') => ({
      label,
      disabled,
      key,
      run: () => this.run(command, ids),
    });
    const one = ids.length === 1;
    const http = one && (row === undefined || /^(http|grpc|websocket)/.test(row.protocol));
    new Menu([
      { label: t('Open detail'), disabled: !one, key: 'Enter', run: () => void this.showDetail(ids[0]!) },
      'separator',
      item(t('Copy'), 'copyText', false, 'Ctrl+C'),
      item(t('Copy address'), 'copyAddress'),
      item(t('Copy as JSON'), 'copyJson'),
      item(t('Copy as curl'), 'copyCurl', !http),
      item(t('Copy as fetch'), 'copyFetch', !http),
      'separator',
      item(t('Filter to this process'), 'filterProcess', !one),
      item(t('Filter to this host'), 'filterHost', !one),
      'separator',
      item(t('Compare with…'), 'compare', ids.length > 2),
      item(one ? t('Save this flow…') : t('Save {0} selected flows…', ids.length), 'save'),
    ]).open(x, y);
  }

  private say(text: string): void {
    this.announcer.textContent = text;
  }

  /** Kept by VS Code for this page, and by the host for the page that comes after it in another place. */
  private save(part: { readonly [K in keyof Saved]?: Saved[K] | undefined }): void {
    this.saved = { ...this.saved, ...part, at: Date.now() } as Partial<Saved>;
    host.save(this.saved);
    window.clearTimeout(this.saving);
    this.saving = window.setTimeout(() => void host.request('remember', { state: this.saved }), saveAfter);
  }
}

void host.request('ready', {}).then(({ state, remembered }) => {
  panel = new Panel(state, restored(host.load(), remembered, state.place));
  return panel.restore();
});
