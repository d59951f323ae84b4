// The proxy's state in words, for the status bar's tooltip and the status dialog. Pure.
import { Mode, type ProxyStatus } from '../../../gen/flow_pb.ts';
import type { FlowStore } from '../../flow/store.ts';
import { bytesText } from '../../flow/text.ts';
import type { StateKind } from '../../protocol/ids.ts';
import { translated } from '../problems.ts';
import type { Translate } from '../sidebar/text.ts';
import { shown } from '../sidebar/text.ts';
import type { EditorState } from '../state.ts';
import { blindSpot } from './blindSpots.ts';

type Counts = Pick<FlowStore, 'size' | 'liveCount' | 'dropped' | 'evicted'>;

export function stateTitle(kind: StateKind, t: Translate): string {
  switch (kind) {
    case 'unsupported':
      return t('Flowtap cannot capture on this system');
    case 'needsApp':
      return t('The Flowtap app is not installed');
    case 'needsActivation':
      return t('The system extension is not installed');
    case 'awaitsApproval':
      return t('The system extension waits for your approval');
    case 'switchedOff':
      return t('The system extension is switched off');
    case 'needsRestart':
      return t('The Mac has to be restarted');
    case 'unreachable':
      return t('The system extension does not answer');
    case 'needsGrant':
      return t('This editor is not allowed to see flows yet');
    case 'addonMissing':
      return t('The native part of Flowtap is missing');
    case 'addonForeign':
      return t('The native part of Flowtap is for another platform');
    case 'addonBroken':
      return t('The native part of Flowtap cannot be loaded');
    case 'stopped':
      return t('The proxy is not running');
    case 'starting':
      return t('The proxy is being started');
    case 'connecting':
      return t('Connecting to the proxy');
    case 'running':
      return t('The proxy is running');
    case 'lost':
      return t('The proxy has gone away');
    case 'refused':
      return t('The proxy refused this editor');
    case 'startFailed':
      return t('The proxy could not be started');
  }
}

export function modeText(mode: Mode, t: Translate): string {
  switch (mode) {
    case Mode.tproxy:
      return t('transparent (TCP and UDP)');
    case Mode.redirect:
      return t('redirect (TCP only)');
    case Mode.explicit:
      return t('explicit proxy (programs that obey proxy settings)');
    case Mode.transparentProxy:
      return t('system extension');
    case Mode.kit:
      return t("another program's endpoint");
    case Mode.unspecified:
      return t('not known yet');
  }
}

export function statusText(state: EditorState, counts: Counts, t: Translate): { title: string; detail: string } {
  const { welcome, status } = state;
  const lines: string[] = [];
  const problem = state.problem && translated(state.problem, t);
  if (problem) lines.push(problem.text, problem.next, '');
  if (welcome) {
    lines.push(t('Way of capturing: {0}', modeText(status?.mode || welcome.mode, t)));
    lines.push(t('Proxy: build {0}, pid {1}', shown(welcome.build, 40), welcome.pid));
  }
  if (status) lines.push(t('Captures: {0}, flows so far: {1}', status.captures, status.totalFlows));
  for (const each of status?.openCaptures.slice(0, 5) ?? [])
    lines.push(t('{0}: {1}', shown(each.command.join(' ') || each.name, 60), modeText(each.mode, t)));
  if (status?.flowLimit) lines.push(limitsText(status, t));
  if (status?.rules) lines.push(t('Rules in force: {0}', status.rules));
  lines.push(t('Connections open: {0}, held: {1}', counts.liveCount, counts.size));
  if (status?.text) lines.push(shown(status.text, 400));
  lines.push(...losses(counts, t));
  const blind = status?.blindSpots.length ? status.blindSpots : (welcome?.blindSpots ?? []);
  if (blind.length)
    lines.push(
      '',
      t('What this cannot see:'),
      ...blind.slice(0, 10).map((text) => `• ${shown(blindSpot(text, t), 300)}`),
    );
  return { title: stateTitle(state.kind, t), detail: lines.join('\n').trim() };
}

/** The mode of what is captured now, where it sees less than it could; '' otherwise. */
export function limitedMode({ status }: EditorState, t: Translate): string {
  const lowest = Math.max(0, ...(status?.openCaptures.map((each) => each.mode) ?? []));
  return lowest === Mode.redirect || lowest === Mode.explicit ? modeText(lowest, t) : '';
}

/** The proxy's own bounds. */
const limitsText = (status: ProxyStatus, t: Translate): string =>
  t(
    'Limits: {0} connections, {1} watchers, {2} of payload in each direction, {3} waiting for all watchers',
    status.flowLimit,
    status.clientLimit,
    bytesText(status.bodyLimit),
    bytesText(status.bodyBudget),
  );

/** What is not shown because something was left out or let go; nothing is lost silently. */
export function losses({ dropped, evicted }: Counts, t: Translate): string[] {
  const lines: string[] = [];
  if (dropped.frames) lines.push(t('Left out by the proxy under load: {0} of payload', bytesText(dropped.bytes)));
  if (evicted.flows) lines.push(t('Oldest flows forgotten: {0}', evicted.flows));
  if (evicted.bodyBytes) lines.push(t('Oldest payload forgotten: {0}', bytesText(evicted.bodyBytes)));
  return lines;
}

/** The commands of a remedy stand on lines of their own, indented; only those that a shell can run. */
export const remedyCommands = (text: string, launcher: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^ {2}(?:sudo|flowtap-run) /.test(line))
    .map((line) => line.trim().replace(/^flowtap-run(?= )/, () => `'${launcher.replaceAll("'", "'\\''")}'`));
