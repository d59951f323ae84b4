// The ways to group connections. A new one is one more row of `groupings`. Pure.
import type { Flow } from '../../flow/model.ts';
import { isFailure } from '../../flow/model.ts';
import type { Translate } from './text.ts';
import { peerHost, programName, scriptOf, shown } from './text.ts';

export type GroupingId = 'process' | 'host' | 'state';
export type FlowState = 'failed' | 'connecting' | 'open' | 'closed';

export interface Grouping {
  readonly id: GroupingId;
  /** Flows with equal keys are in one group. */
  key(flow: Flow): string;
  label(flow: Flow, t: Translate): string;
  /** Groups come in this order, then by label. */
  rank(flow: Flow): number;
}

export function stateOf(flow: Flow): FlowState {
  if (flow.state === 'closed') return isFailure(flow.reason) || flow.application?.failed ? 'failed' : 'closed';
  return flow.protocol === 'tcp' && flow.connectedAt === 0 ? 'connecting' : 'open';
}

const stateOrder: readonly FlowState[] = ['failed', 'connecting', 'open', 'closed'];

export function stateLabel(state: FlowState, t: Translate): string {
  switch (state) {
    case 'failed':
      return t('Failed');
    case 'connecting':
      return t('Connecting');
    case 'open':
      return t('Open');
    case 'closed':
      return t('Closed');
  }
}

/** Thousands of flows share one process: the store gives them the same object. */
const processKeys = new WeakMap<Flow['process'], string>();
function processKey(flow: Flow): string {
  const { process } = flow;
  let key = processKeys.get(process);
  if (key === undefined) {
    key = JSON.stringify([process.path || process.name || process.pid, scriptOf(flow)]);
    processKeys.set(process, key);
  }
  return key;
}

export const groupings: Readonly<Record<GroupingId, Grouping>> = {
  // By program rather than by pid: two hundred runs of curl are one group, `node server.js` and
  // `node client.js` are two.
  process: {
    id: 'process',
    key: processKey,
    label: programName,
    rank: () => 0,
  },
  host: {
    id: 'host',
    key: (flow) => peerHost(flow).toLowerCase(),
    label: (flow) => shown(peerHost(flow)),
    rank: () => 0,
  },
  state: {
    id: 'state',
    key: stateOf,
    label: (flow, t) => stateLabel(stateOf(flow), t),
    rank: (flow) => stateOrder.indexOf(stateOf(flow)),
  },
};

export const isGroupingId = (text: string): text is GroupingId => Object.hasOwn(groupings, text);
