// Everything known about an element, as Markdown that no captured value can break out of. Pure.
import { type Flow, isFailure } from '../../flow/model.ts';
import { bytesText, durationText, lostText } from '../../flow/text.ts';
import { stateLabel, stateOf } from './grouping.ts';
import type { Element, Group, Totals } from './elements.ts';
import { reasonText } from './reasons.ts';
import type { Translate } from './text.ts';
import { endpointText, programName, shown } from './text.ts';

/** Every ASCII punctuation character may be escaped (CommonMark 2.4); that also stops autolinks. */
export const escapeMarkdown = (text: string, limit = 400): string =>
  shown(text, limit).replace(/[!-/:-@[-`{-~]/g, '\\$&');

type Line = readonly [name: string, value: string];

const bullets = (title: string, lines: readonly Line[]): string =>
  [`**${escapeMarkdown(title)}**`, '', ...lines.map(([name, value]) => `- ${escapeMarkdown(name)}: ${value}`)].join(
    '\n',
  );

export function tooltip(element: Element, t: Translate, totals: (group: Group) => Totals): string {
  switch (element.kind) {
    case 'flow':
      return flowTooltip(element.flow, t);
    case 'group':
      return groupTooltip(element, t, totals(element));
    case 'more':
      return escapeMarkdown(t('The list is kept short. Filter it to find the rows that are not shown.'));
  }
}

/** Local time to the millisecond, with the date where it is not today. */
export function clock(microseconds: number, today = new Date()): string {
  const time = new Date(microseconds / 1000);
  const text =
    time.toLocaleTimeString(undefined, { hour12: false }) + `.${String(time.getMilliseconds()).padStart(3, '0')}`;
  return time.toDateString() === today.toDateString() ? text : `${time.toLocaleDateString()} ${text}`;
}

export function flowTooltip(flow: Flow, t: Translate): string {
  const lines: Line[] = [];
  const add = (name: string, value: string, limit?: number): void => {
    if (value) lines.push([name, escapeMarkdown(value, limit)]);
  };
  const { process } = flow;
  add(t('Process'), `${programName(flow, t)}${process.pid ? ` (pid ${process.pid})` : ''}`);
  add(t('Path'), process.path);
  add(t('Command line'), process.arguments.join(' '), 1000);
  add(t('Started by'), lineage(process.ancestors));
  add(t('Host'), flow.host);
  add(
    flow.inbound ? t('Server') : t('Destination'),
    `${endpointText(flow.destination)} ${flow.protocol.toUpperCase()}`,
  );
  add(flow.inbound ? t('Caller') : t('Source'), endpointText(flow.source));
  add(t('Opened'), clock(flow.openedAt));
  if (flow.connectedAt > flow.openedAt) add(t('Connected after'), durationText(flow.connectedAt - flow.openedAt));
  if (flow.state === 'closed')
    add(t('Closed'), t('{0}, after {1}', clock(flow.closedAt), durationText(flow.closedAt - flow.openedAt)));
  add(t('Sent'), amount(flow.bytesUp, flow.datagramsUp, t));
  add(t('Received'), amount(flow.bytesDown, flow.datagramsDown, t));
  if (flow.application) add(t('Protocol'), `${flow.application.protocol} ${flow.application.summary}`.trim());
  add(t('Rule'), flow.rule);
  if (flow.lost) add(t('Not let through'), lostText(flow.lost));
  add(t('Capture'), flow.capture);
  if (flow.error !== 0) add(t('Error'), `${flow.errorText || t('unknown')} (errno ${flow.error})`);
  const reason = flow.state === 'closed' ? reasonText(flow, t) : undefined;
  const answer = flow.application?.failed ? shown(flow.application.summary, 80) : undefined;
  const why = isFailure(flow.reason) ? reason?.title : (answer ?? reason?.title);
  const title = why ? `${stateLabel(stateOf(flow), t)}: ${why}` : stateLabel(stateOf(flow), t);
  return bullets(title, lines) + (reason ? `\n\n${escapeMarkdown(reason.detail)}` : '');
}

const shownAncestors = 5;

function lineage(ancestors: Flow['process']['ancestors']): string {
  const names = ancestors.slice(0, shownAncestors).map((a) => `${a.name} (${a.pid})`);
  return [...names, ...(ancestors.length > shownAncestors ? ['…'] : [])].join(' ← ');
}

function amount(bytes: number, datagrams: number, t: Translate): string {
  const exact = bytes < 1000 ? bytesText(bytes) : `${bytesText(bytes)} (${bytes} B)`;
  return datagrams ? t('{0} in {1} datagrams', exact, datagrams) : exact;
}

function groupTooltip(group: Group, t: Translate, totals: Totals): string {
  const lines: Line[] = [];
  if (group.grouping.id === 'process') {
    const { process } = group.sample;
    if (process.path) lines.push([t('Path'), escapeMarkdown(process.path)]);
    if (totals.pids.length === 1) lines.push([t('Command line'), escapeMarkdown(process.arguments.join(' '), 1000)]);
    const some = totals.pids.slice(-20);
    const more = totals.pids.length > some.length ? ', …' : '';
    if (some.length) lines.push([t('Process ids'), some.join(', ') + more]);
  }
  lines.push([t('Open'), String(totals.open)]);
  lines.push([t('Closed'), String(totals.closed)]);
  lines.push([t('Failed'), String(totals.failed)]);
  lines.push([t('Sent'), escapeMarkdown(amount(totals.bytesUp, 0, t))]);
  lines.push([t('Received'), escapeMarkdown(amount(totals.bytesDown, 0, t))]);
  return bullets(group.label, lines);
}
