// The contract of every protocol dissector. One file per protocol; registry.ts lists them.
//
// A dissector is fed a flow's payload as it arrives, per direction, in order. It never throws on any input, keeps
// bounded state, and says what it could not see: bodies are cut at the proxy's limit, so a message may end in a gap.

export type Direction = 'up' | 'down';

/** What the table, the query language and the flow JSON show of a flow's application protocol. */
export interface Application {
  /** Lower case, as in queries: "tls", "http", "dns", ... */
  readonly protocol: string;
  /** One line: "GET /index.html 200", "A example.com 93.184.216.34". */
  readonly summary: string;
  /** The host the program asked for, where the protocol says it. */
  readonly host?: string;
  readonly method?: string;
  /** HTTP status, or the protocol's own numeric result. */
  readonly status?: number;
  /** Set where the payload shows a failure (an alert, a 5xx, NXDOMAIN). */
  readonly failed?: boolean;
}

export type HeaderField = readonly [name: string, value: string];

/** A body as it was transferred, and how to decode it. Bytes beyond the body limit are only counted. */
export interface Body {
  /** As they were sent, transfer coding removed, content coding still on. */
  readonly bytes: Uint8Array;
  /** Size on the wire without transfer coding, as far as seen or announced. */
  readonly length: number;
  /** True where `bytes` holds less than the message had. */
  readonly truncated: boolean;
  readonly contentEncoding: string;
  readonly contentType: string;
}

export interface HttpMessage {
  /** "HTTP/1.1", "HTTP/2". */
  readonly version: string;
  readonly headers: readonly HeaderField[];
  readonly trailers: readonly HeaderField[];
  readonly body: Body;
  /** Microseconds since 1970, of the first and the last byte seen. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly complete: boolean;
}
export interface HttpRequest extends HttpMessage {
  readonly method: string;
  readonly target: string;
  /** Host header or :authority. */
  readonly authority: string;
}
export interface HttpResponse extends HttpMessage {
  readonly status: number;
  readonly statusText: string;
}

/** One thing said on a flow, in the order of `at`. */
export type Message =
  | {
      readonly kind: 'http';
      readonly at: number;
      readonly stream: number;
      readonly request?: HttpRequest;
      readonly response?: HttpResponse;
    }
  | {
      readonly kind: 'frame';
      readonly at: number;
      readonly direction: Direction;
      /** "text", "binary", "ping", "close", "DATA", "grpc", ... */
      readonly type: string;
      readonly stream: number;
      readonly body: Body;
      readonly text?: string;
    }
  | { readonly kind: 'dns'; readonly at: number; readonly direction: Direction; readonly dns: DnsMessage }
  | {
      readonly kind: 'handshake';
      readonly at: number;
      readonly direction: Direction;
      readonly title: string;
      readonly fields: readonly HeaderField[];
    };

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: string;
}
export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly code: string;
  readonly questions: readonly { readonly name: string; readonly type: string }[];
  readonly answers: readonly DnsRecord[];
  readonly truncated: boolean;
}

/** The state of one flow under one dissector. */
export interface Dissection {
  /** The next payload bytes of a direction. They may be kept: the caller must not change them afterwards. */
  data(direction: Direction, bytes: Uint8Array, at: number): void;
  /** `length` bytes of this direction were not seen (body limit, or dropped). */
  gap(direction: Direction, length: number, at: number): void;
  /** The direction ended. */
  end(direction: Direction, at: number): void;
  readonly application: Application;
  /** Grows; entries may be replaced while their message is still going on. At most `maxMessages`. */
  readonly messages: readonly Message[];
  /** What could not be shown, in words for people. */
  readonly notes: readonly string[];
  /** Another protocol takes over at this point (HTTP upgrade, CONNECT, SOCKS): the rest of both directions. */
  readonly next?: { readonly dissector: Dissector; readonly up: Uint8Array; readonly down: Uint8Array };
}

/** What there is to show of it. */
export type Dissected = Pick<Dissection, 'application' | 'messages' | 'notes'>;

/** `yes` and `no` are final; `more` asks for more bytes of either direction. */
export type Verdict = 'yes' | 'no' | 'more';

export interface FlowStart {
  readonly transport: 'tcp' | 'udp';
  /** First bytes of each direction, possibly none. For UDP: the first datagram. */
  readonly up: Uint8Array;
  readonly down: Uint8Array;
  readonly serverPort: number;
}

export interface Dissector {
  readonly protocol: string;
  recognise(start: FlowStart): Verdict;
  begin(start: FlowStart): Dissection;
}

/** A flow's messages are bounded; beyond this they are only counted in a note. */
export const maxMessages = 1000;

export const noBody: Body = {
  bytes: new Uint8Array(0),
  length: 0,
  truncated: false,
  contentEncoding: '',
  contentType: '',
};
