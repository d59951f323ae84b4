// The panel: query bar, timeline strip, table, detail. What it shows is asked of the host; only view state lives here.
import type { FlowId } from '../flow/model.ts';
import type { PanelCommand, PanelState } from '../protocol/panel.ts';
import { button, element, perFrame } from './dom.ts';
import { Detail } from './detail/detail.ts';
import { Menu } from './menu.ts';
import { QueryBar } from './queryBar.ts';
import { Host } from './rpc.ts';
import { restoreLayout, type ColumnState } from './table/layout.ts';
import { Table } from './table/table.ts';
import { TimelineStrip } from './timelineStrip.ts';
import './panel.css';
import { t } from './strings.ts';

/** Kept by VS Code while the panel is hidden, and over a reload. */
interface Saved {
  readonly layout: readonly ColumnState[];
  readonly query: string;
  readonly sort: PanelState['sort'];
  readonly source: string;
}

const host = new Host((event) => {
  if (event.kind === 'state') setState(event.state);
  else if (event.kind === 'query') queryBar.set(event.query);
  else void reveal(event.id);
});
let saved = host.load<Saved>();
const save = (part: Partial<Saved>): void => host.save((saved = { ...saved, ...part }));

let state: PanelState | undefined;

const followButton = button(t('Follow the newest flow'), 'arrow-down', () => table.setFollow(!table.following));
const count = element('span', { class: 'count', role: 'status', 'aria-live': 'off' });
const warning = element('span', { class: 'warning' });
const progress = element('progress', { max: 1, hidden: true, 'aria-label': t('Reading') });

const queryBar = new QueryBar({
  complete: (query, cursor) => host.request('complete', { query, cursor }),
  apply: async (query) => {
    const { error } = await host.request('setQuery', { query });
    if (!error) save({ query });
    return error;
  },
});
const strip = new TimelineStrip((span) => {
  const rest = queryBar.query.replace(/\s*start:\S*/g, '').trim();
  const iso = (at: number): string => new Date(at / 1000).toISOString();
  queryBar.set(span ? `${rest} start:${iso(span.from)}..${iso(span.to)}`.trim() : rest);
});
const table = new Table(
  {
    fetch: (from, to) => host.request('rows', { from, to }),
    onDidSelect: ({ active }) => {
      if (detail.shownId !== undefined && active !== undefined) void showDetail(active);
    },
    onDidOpen: (id) => void showDetail(id).then(() => detail.focus()),
    onDidAskMenu: (x, y, ids) => contextMenu(x, y, ids),
    onDidSort: (column, descending) => {
      save({ sort: { column, descending } });
      void host.request('setSort', { column, descending });
    },
    onDidChangeLayout: (layout) => save({ layout }),
    onDidChangeFollow: (follow) => followButton.setAttribute('aria-pressed', String(follow)),
  },
  restoreLayout(saved.layout),
);
table.indexOf = (id) => host.request('indexOf', { id });
const detail = new Detail({
  stream: (id) => host.request('stream', { id }),
  command: (command, message, side) =>
    run(command, detail.shownId === undefined ? [] : [detail.shownId], message, side),
  onDidClose: () => {
    detail.hide();
    table.focus();
  },
});

document.body.append(
  element('header', { class: 'bar' }, queryBar.root, count, warning, progress, followButton),
  strip.root,
  element('main', { class: 'split' }, table.root, detail.root),
);
followButton.setAttribute('aria-pressed', 'true');
document.addEventListener('keydown', (e) => {
  if (e.key === 'f' && (e.ctrlKey || e.metaKey)) {
    e.preventDefault();
    queryBar.focus();
  }
});
// Ages and bars of open flows move on by themselves.
setInterval(() => !document.hidden && table.draw(), 1000);

const refreshSlow = perFrame(() => void refreshTimeline());
let lastSlow = 0;

function setState(next: PanelState): void {
  const reordered =
    !state ||
    next.query !== state.query ||
    next.sort.column !== state.sort.column ||
    next.sort.descending !== state.sort.descending;
  state = next;
  table.setState(next);
  count.textContent =
    next.count === next.total ? t('{0} flows', next.total) : t('{0} of {1} flows', next.count, next.total);
  warning.textContent = next.warning;
  progress.hidden = next.progress === undefined;
  progress.value = next.progress ?? 0;
  document.title = next.source;
  // The strip and the detail need no more than two looks a second.
  if (reordered || performance.now() - lastSlow > 500) {
    lastSlow = performance.now();
    refreshSlow();
    if (detail.shownId !== undefined) void showDetail(detail.shownId);
  }
}

async function refreshTimeline(): Promise<void> {
  const timeline = await host.request('timeline', { slices: strip.slices });
  strip.set(timeline);
  table.setSpan({ from: timeline.from, to: timeline.to });
}

async function showDetail(id: FlowId): Promise<void> {
  const found = await host.request('detail', { id });
  if (found) detail.show(found);
  else detail.hide();
}

async function reveal(id: FlowId): Promise<void> {
  let index = await host.request('indexOf', { id });
  if (index < 0) {
    queryBar.set(''); // the query hides it
    await host.request('setQuery', { query: '' });
    index = await host.request('indexOf', { id });
  }
  if (index >= 0) table.reveal(index, id);
}

function run(command: PanelCommand, ids: readonly FlowId[], message?: number, side?: 'request' | 'response'): void {
  void host.request('command', {
    command,
    ids: [...ids],
    ...(message !== undefined && { message }),
    ...(side && { side }),
  });
}

function contextMenu(x: number, y: number, ids: readonly FlowId[]): void {
  const item = (label: string, command: PanelCommand, disabled = false) => ({
    label,
    disabled,
    run: () => run(command, ids),
  });
  const one = ids.length === 1;
  new Menu([
    { label: t('Open detail'), disabled: !one, run: () => void showDetail(ids[0]!) },
    'separator',
    item(t('Copy address'), 'copyAddress'),
    item(t('Copy as JSON'), 'copyJson'),
    item(t('Copy as curl'), 'copyCurl', !one),
    item(t('Copy as fetch'), 'copyFetch', !one),
    'separator',
    item(t('Filter to this process'), 'filterProcess', !one),
    item(t('Filter to this host'), 'filterHost', !one),
    'separator',
    item(t('Compare with…'), 'compare', ids.length > 2),
    item(t('Save selected flows…'), 'save'),
  ]).open(x, y);
}

void host.request('ready', {}).then(async (first) => {
  if (saved.sort) await host.request('setSort', saved.sort);
  setState(first);
  const query = saved.query ?? first.query;
  if (query) queryBar.set(query);
});
