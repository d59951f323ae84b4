// Flows for the tests of the sidebar.
import type { FlowChanges } from '../../../../src/flow/changes.ts';
import type { Flow, FlowId } from '../../../../src/flow/model.ts';
import type { Translate } from '../../../../src/editor/sidebar/text.ts';

export const t: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (_, i: string) => String(args[Number(i)]));

export const start = 1_790_000_000_000_000;

export function flow(
  id: FlowId,
  part: Partial<Omit<Flow, 'process'>> & { process?: Partial<Flow['process']> } = {},
): Flow {
  const { process, ...rest } = part;
  return {
    protocol: 'tcp',
    source: { address: '10.0.0.2', port: 40_000 + (id % 20_000) },
    destination: { address: '93.184.216.34', port: 443 },
    host: 'example.com',
    inbound: false,
    capture: 'test',
    openedAt: start,
    connectedAt: start + 20_000,
    closedAt: 0,
    bytesUp: 0,
    bytesDown: 0,
    datagramsUp: 0,
    datagramsDown: 0,
    state: 'open',
    error: 0,
    errorText: '',
    rule: '',
    ...rest,
    id,
    process: {
      pid: 4711,
      name: 'curl',
      path: '/usr/bin/curl',
      arguments: ['curl', 'https://example.com/'],
      uid: 1000,
      ancestors: [{ pid: 4000, name: 'bash' }],
      ...process,
    },
  };
}

export const closed = (of: Flow, part: Partial<Flow> = {}): Flow => ({
  ...of,
  state: 'closed',
  reason: 'eof',
  closedAt: start + 1e6,
  ...part,
});

export const changes = (part: Partial<FlowChanges>): FlowChanges => ({
  opened: { first: 0, end: 0 },
  updated: [],
  closed: [],
  evicted: { first: 0, end: 0 },
  cleared: false,
  ...part,
});
