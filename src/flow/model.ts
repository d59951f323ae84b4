// What a flow is, for every view, the command line and the exporters.
import type { CloseReason } from '../../gen/flow_pb.ts';
import { CloseReasonNames } from '../../gen/flow_pb.ts';

/** The store's own number for a flow: consecutive from 1, whatever proxy it comes from, and never used again. */
export type FlowId = number;

export interface Endpoint {
  /** Textual address: dotted quad, or RFC 5952 for IPv6, without brackets. */
  readonly address: string;
  /** 0..65535 */
  readonly port: number;
}

export interface FlowProcess {
  /** 0 where it is unknown. */
  readonly pid: number;
  readonly name: string;
  readonly path: string;
  readonly arguments: readonly string[];
  readonly uid: number;
  /** Parent first. */
  readonly ancestors: readonly { readonly pid: number; readonly name: string }[];
}

export type CloseReasonText =
  | 'eof'
  | 'reset by client'
  | 'reset by server'
  | 'refused'
  | 'unreachable'
  | 'timed out'
  | 'idle'
  | 'proxy stopped'
  | 'rule'
  | 'limit'
  | 'client gone'
  | 'proxy error'
  | 'lost'
  | 'name not found'
  | 'unspecified';

/** Microseconds since 1970-01-01T00:00:00Z. Exact as a number until the year 2255. */
export type Microseconds = number;

/** What a dissector found out. */
export interface FlowApplication {
  /** Lower case: "tls", "http", "dns", ... */
  readonly protocol: string;
  readonly summary: string;
  readonly method?: string;
  /** HTTP status, or the protocol's own number. */
  readonly status?: number;
  /** The payload shows a failure: an alert, a 5xx, NXDOMAIN. */
  readonly failed?: boolean;
}

/** What a capture file shows of a TCP connection's segments, both directions together. */
export interface FlowSegments {
  /** Segments whose bytes had come before. */
  readonly retransmitted: number;
  /** Segments that came behind later ones. */
  readonly reordered: number;
  /** Segments of which a part had come before. */
  readonly overlapping: number;
  /** Bytes that are not in the capture. */
  readonly lost: number;
}

/** Datagrams that a rule did not let through. They count in none of the flow's other numbers. */
export interface FlowLost {
  readonly datagramsUp: number;
  readonly datagramsDown: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** One flow, taken out of the store at one moment. */
export interface Flow {
  readonly id: FlowId;
  readonly protocol: 'tcp' | 'udp';
  readonly process: FlowProcess;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** What the program asked for (SNI, Host header or the DNS answer it used), or ''. */
  readonly host: string;
  readonly inbound: boolean;
  readonly capture: string;
  readonly openedAt: Microseconds;
  /** 0 until the peer answered. */
  readonly connectedAt: Microseconds;
  /** 0 while open. */
  readonly closedAt: Microseconds;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly datagramsUp: number;
  readonly datagramsDown: number;
  readonly state: 'open' | 'closed';
  readonly reason?: CloseReasonText;
  /** errno and its text, where the flow failed. */
  readonly error: number;
  readonly errorText: string;
  /** The rule that was applied, or ''. */
  readonly rule: string;
  readonly application?: FlowApplication;
  /** Only where a rule held something back for good. */
  readonly lost?: FlowLost;
  /** Of a capture file only, and only where there is something to tell. */
  readonly segments?: FlowSegments;
}

/** The wire's close reason in the words of the flow JSON. */
export function closeReasonText(reason: CloseReason): CloseReasonText {
  const name = CloseReasonNames[reason] ?? 'unspecified';
  return name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`) as CloseReasonText;
}

const failures: ReadonlySet<CloseReasonText> = new Set([
  'reset by client',
  'reset by server',
  'refused',
  'unreachable',
  'timed out',
  'limit',
  'proxy error',
  'lost',
  'name not found',
]);

/** True where the reason is something a person would want to see at a glance. */
export const isFailure = (reason: CloseReasonText | undefined): boolean => reason !== undefined && failures.has(reason);
