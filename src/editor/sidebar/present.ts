// What one element of the tree looks like and says. Pure: the view turns it into a TreeItem.
import type { Flow } from '../../flow/model.ts';
import { bytesText, durationText, rateText, timeText } from '../../flow/text.ts';
import type { FlowState, GroupingId } from './grouping.ts';
import { stateLabel, stateOf } from './grouping.ts';
import type { Element, FlowRow, Group, More, Totals } from './elements.ts';
import { reasonText } from './reasons.ts';
import type { Translate } from './text.ts';
import { endpointText, hostPort, peerOf, programName, shown, targetText } from './text.ts';
import { ageText } from './units.ts';

export interface Presented {
  /** Stable while the element lives, unique in the tree. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** A codicon and a theme colour. */
  readonly icon: string;
  readonly colour?: string;
  /** Words that the `when` clauses of the context menu look for. */
  readonly context: string;
  /** What a screen reader says. */
  readonly spoken: string;
}

export interface Scene {
  readonly t: Translate;
  /** Microseconds since the epoch. */
  readonly now: number;
  totals(group: Group): Totals;
}

export function present(element: Element, scene: Scene): Presented {
  switch (element.kind) {
    case 'flow':
      return presentFlow(element, scene);
    case 'group':
      return presentGroup(element, scene);
    case 'more':
      return presentMore(element, scene);
  }
}

const icons: Readonly<Record<FlowState, { icon: string; colour?: string }>> = {
  connecting: { icon: 'loading~spin' },
  open: { icon: 'circle-filled', colour: 'charts.green' },
  closed: { icon: 'circle-outline', colour: 'disabledForeground' },
  failed: { icon: 'error', colour: 'errorForeground' },
};
// A server's side: the same colours, another shape.
const inboundIcons: Readonly<Record<FlowState, { icon: string; colour?: string }>> = {
  ...icons,
  open: { icon: 'arrow-circle-left', colour: 'charts.blue' },
  closed: { icon: 'arrow-circle-left', colour: 'disabledForeground' },
};

function iconOf(flow: Flow): { icon: string; colour?: string } {
  const state = stateOf(flow);
  // Neither a failure nor an ordinary end: a rule, the proxy's end.
  if (state === 'closed' && flow.reason && !['eof', 'idle'].includes(flow.reason))
    return { icon: 'circle-slash', colour: 'disabledForeground' };
  return (flow.inbound ? inboundIcons : icons)[state];
}

const traffic = (up: number, down: number): string => `↑${bytesText(up)} ↓${bytesText(down)}`;

/** What was said, where that is known; TCP goes without saying. */
function protocolText({ application, protocol }: Flow): string | undefined {
  if (application) return shown(application.summary || application.protocol.toUpperCase(), 60);
  return protocol === 'udp' ? 'UDP' : undefined;
}

/** Where the parts of a description are set apart. */
const dot = ' · ';
const join = (...parts: (string | false | undefined)[]): string => parts.filter(Boolean).join(dot);

export function labelOf(flow: Flow, grouping: GroupingId, t: Translate): string {
  if (flow.inbound) {
    const from = t('{0} from {1}', `:${flow.destination.port}`, shown(endpointText(flow.source)));
    return grouping === 'process' ? from : `${programName(flow, t)} ${from}`;
  }
  // A group of one host need not say the host again.
  if (grouping === 'host') return `${programName(flow, t)} → :${flow.destination.port}`;
  return targetText(flow);
}

function agoText(flow: Flow, { t, now }: Scene): string {
  if (flow.state === 'open') return ageText(now - flow.openedAt);
  return t('{0} ago', ageText(now - flow.closedAt));
}

function presentFlow(row: FlowRow, scene: Scene): Presented {
  const { flow, group } = row;
  const { t, now } = scene;
  const state = stateOf(flow);
  const grouping = group.grouping.id;
  const rate = flow.state === 'open' ? row.rate.at(now) : 0;
  const moved = flow.bytesUp + flow.bytesDown > 0;
  const program = programName(flow, t);
  const reason = flow.state === 'closed' && flow.reason !== 'eof' ? reasonText(flow, t).title : undefined;
  const pid = flow.process.pid > 0 && t('pid {0}', flow.process.pid);
  const description = join(
    reason,
    grouping === 'state' && program,
    protocolText(flow),
    (moved || state !== 'failed') && traffic(flow.bytesUp, flow.bytesDown),
    rate > 0 && rateText(rate),
    agoText(flow, scene),
    grouping !== 'state' && pid,
  );
  const tags = ['flow', flow.state, flow.process.pid > 0 && 'process', flow.host !== '' && 'host'];
  return {
    id: `${group.grouping.id}/${group.key}/${flow.id}`,
    label: labelOf(flow, grouping, t),
    description,
    ...iconOf(flow),
    context: tags.filter(Boolean).join(' '),
    spoken: spokenFlow(flow, scene),
  };
}

function spokenFlow(flow: Flow, scene: Scene): string {
  const { t } = scene;
  const state = flow.state === 'closed' ? reasonText(flow, t).title : stateLabel(stateOf(flow), t);
  const sentence = flow.inbound
    ? t('{0}, connection from {1}', programName(flow, t), shown(endpointText(flow.source)))
    : t('{0} to {1}', programName(flow, t), targetText(flow));
  return [
    sentence,
    flow.protocol.toUpperCase(),
    state,
    t('{0} sent', bytesText(flow.bytesUp)),
    t('{0} received', bytesText(flow.bytesDown)),
    agoText(flow, scene),
  ].join(', ');
}

const groupIcons: Readonly<Record<GroupingId, string>> = { process: 'server-process', host: 'globe', state: 'pulse' };

function presentGroup(group: Group, scene: Scene): Presented {
  const { t } = scene;
  const totals = scene.totals(group);
  const count = totals.open + totals.failed + totals.closed;
  const grouping = group.grouping.id;
  const failed = totals.failed > 0 ? t('{0} failed', totals.failed) : undefined;
  // In groups by state the count says it all.
  const counts = grouping === 'state' ? [String(count)] : [failed, t('{0} open of {1}', totals.open, count)];
  const [pid, ...others] = totals.pids;
  const pids =
    grouping === 'process' &&
    (others.length > 0 ? t('{0} processes', totals.pids.length) : pid !== undefined && t('pid {0}', pid));
  const moved = totals.bytesUp + totals.bytesDown > 0;
  const icon =
    grouping === 'state'
      ? icons[stateOf(group.sample)]
      : {
          icon: groupIcons[grouping],
          ...(totals.failed > 0
            ? { colour: 'errorForeground' }
            : totals.open === 0
              ? { colour: 'disabledForeground' }
              : {}),
        };
  const description = join(
    ...counts,
    moved && traffic(totals.bytesUp, totals.bytesDown),
    totals.rate > 0 && rateText(totals.rate),
    pids,
  );
  return {
    id: `${grouping}/${group.key}`,
    label: group.label,
    description,
    ...icon,
    context: `group ${grouping === 'state' ? '' : grouping}`.trim(),
    spoken: [
      group.label,
      t('{0} open of {1}', totals.open, count),
      ...(failed ? [failed] : []),
      t('{0} sent', bytesText(totals.bytesUp)),
      t('{0} received', bytesText(totals.bytesDown)),
    ].join(', '),
  };
}

function presentMore(more: More, { t }: Scene): Presented {
  const label = t('{0} more…', more.hidden);
  const parent = more.group ? `${more.group.grouping.id}/${more.group.key}` : '';
  const description = t('filter to see them');
  return {
    id: `${parent}/more`,
    label,
    description,
    icon: 'ellipsis',
    context: 'more',
    spoken: `${label}, ${description}`,
  };
}

/** One line for the clipboard. */
export function flowLine(flow: Flow, t: Translate): string {
  const ended =
    flow.state === 'open'
      ? t('open')
      : `${flow.reason ?? ''}${flow.errorText ? ` (${shown(flow.errorText)})` : ''} ${durationText(flow.closedAt - flow.openedAt)}`;
  const peer = peerOf(flow);
  const address = flow.host && flow.host !== peer.address ? ` [${endpointText(peer)}]` : '';
  return [
    timeText(flow.openedAt),
    flow.protocol,
    `${programName(flow, t)} (${flow.process.pid})`,
    flow.inbound ? '←' : '→',
    shown(hostPort(flow.inbound ? peer.address : flow.host || peer.address, peer.port)) + address,
    traffic(flow.bytesUp, flow.bytesDown),
    ended,
  ].join('  ');
}
