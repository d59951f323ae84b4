// The flow JSON, a contract: `flowtap run --json`, `flowtap watch --json`, "copy as JSON" and the JSON lines export.
import type { CloseReasonText, Flow } from './model.ts';
import { timeText } from './text.ts';

export interface FlowJson {
  readonly id: number;
  readonly protocol: 'tcp' | 'udp';
  readonly process: { readonly pid: number; readonly name: string; readonly path: string };
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number; readonly host?: string };
  /** ISO 8601 with microseconds. */
  readonly openedAt: string;
  readonly closedAt?: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly state: 'open' | 'closed';
  readonly reason?: CloseReasonText;
  /** The rule that it opened under (docs/rules-of-flows.md). */
  readonly rule?: string;
  readonly application?: { readonly protocol: string; readonly summary: string };
}

export function flowToJson(flow: Flow): FlowJson {
  const { pid, name, path } = flow.process;
  return {
    id: flow.id,
    protocol: flow.protocol,
    process: { pid, name, path },
    source: { address: flow.source.address, port: flow.source.port },
    destination: {
      address: flow.destination.address,
      port: flow.destination.port,
      ...(flow.host && { host: flow.host }),
    },
    openedAt: timeText(flow.openedAt),
    ...(flow.closedAt && { closedAt: timeText(flow.closedAt) }),
    bytesUp: flow.bytesUp,
    bytesDown: flow.bytesDown,
    state: flow.state,
    ...(flow.reason && { reason: flow.reason }),
    ...(flow.rule && { rule: flow.rule }),
    ...(flow.application && {
      application: { protocol: flow.application.protocol, summary: flow.application.summary },
    }),
  };
}
