// What the panel's webview and its host say to each other. Requests come from the webview and are always answered;
// events come from the host. Everything is plain data that structured cloning takes.
import type { DnsMessage, HeaderField } from '../dissect/dissection.ts';
import type { FlowId, FlowSegments } from '../flow/model.ts';
import type { QueryError } from '../flow/query/ast.ts';
import type { Completion } from '../flow/query/complete.ts';
import type { SortColumn } from '../flow/sort.ts';

/** In the editor area, in the bottom panel, or as the editor of a capture file. */
export type PanelPlace = 'editor' | 'panel' | 'file';

/** Rows are held by the page, and asked for, in pieces of so many. */
export const pageRows = 32;

/** One row of the table. Times in microseconds since 1970; 0: not yet. */
export interface PanelRow {
  readonly id: FlowId;
  readonly process: string;
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** The application protocol, or tcp or udp. */
  readonly protocol: string;
  readonly summary: string;
  readonly state: 'open' | 'closed' | 'failed';
  readonly reason: string;
  readonly up: number;
  readonly down: number;
  readonly openedAt: number;
  readonly connectedAt: number;
  readonly closedAt: number;
  readonly inbound: boolean;
  /** Of a capture file: what did not come as it should. */
  readonly segments?: FlowSegments;
}

export interface PanelState {
  /** Rows that match, and rows in all. */
  readonly count: number;
  readonly total: number;
  /** What the rows match that are shown; while a newer query is being answered, the one before. */
  readonly query: string;
  readonly sort: { readonly column: SortColumn; readonly descending: boolean };
  /** Rows are still being found, or put into that order. */
  readonly sorting: boolean;
  /** Counts up with every change: rows that were fetched under another one may be out of date. */
  readonly version: number;
  /** Rows that went from the old end of the list so far: the others moved up by as many. */
  readonly shifted: number;
  /** Where the panel is. */
  readonly place: PanelPlace;
  /** Names the store that ids are of: after a reload they mean other flows. */
  readonly store: string;
  /** One line about the source: "live", "proxy stopped", a file's name and size. */
  readonly source: string;
  /** 0 to 1 while a file is being read. */
  readonly progress?: number;
  /** What was left out, in words, or ''. */
  readonly warning: string;
  /** Of a file, its last packet: the present for flows that were open then. Otherwise the clock tells it. */
  readonly now?: number;
}

export interface PanelRows {
  readonly version: number;
  readonly from: number;
  /** PanelRow[] as JSON: VS Code hands a message on three times, and copies text as one piece rather than value by value. */
  readonly rows: string;
  /** As in PanelState, at that moment: the page may not have heard of it yet. */
  readonly count: number;
  readonly shifted: number;
}

/** A body as the panel shows it: decoded and cut to what a person reads; the whole is a document in the editor. */
export interface PanelBody {
  readonly size: number;
  readonly contentType: string;
  /** The content coding that was taken off, or ''. */
  readonly coding: string;
  readonly kind: 'none' | 'text' | 'image' | 'binary';
  readonly text?: string;
  /** Images and binary bodies. */
  readonly bytes?: Uint8Array;
  readonly language?: string;
  readonly notes: readonly string[];
}

/** A body before it is asked for: those of a flow may together be large. */
export interface PanelBodyInfo {
  readonly size: number;
  readonly contentType: string;
}
export type PanelSide = 'request' | 'response';

export interface PanelHttpSide {
  readonly startLine: string;
  readonly headers: readonly HeaderField[];
  readonly trailers: readonly HeaderField[];
  readonly body: PanelBodyInfo;
}

export type PanelMessage =
  | {
      readonly kind: 'http';
      readonly index: number;
      readonly at: number;
      readonly title: string;
      readonly request?: PanelHttpSide;
      readonly response?: PanelHttpSide;
    }
  | {
      readonly kind: 'frame';
      readonly index: number;
      readonly at: number;
      readonly up: boolean;
      readonly title: string;
      /** How its text begins, on one line; '' where it is none. */
      readonly preview: string;
      readonly body: PanelBodyInfo;
    }
  | {
      readonly kind: 'dns';
      readonly index: number;
      readonly at: number;
      readonly up: boolean;
      readonly dns: DnsMessage;
    }
  | {
      readonly kind: 'handshake';
      readonly index: number;
      readonly at: number;
      readonly up: boolean;
      readonly title: string;
      readonly fields: readonly HeaderField[];
    };

export interface PanelDetail {
  readonly row: PanelRow;
  /** Of what it was made: while this stays the same, so does the detail. */
  readonly stamp: string;
  /** Sections of the overview: title and fields. */
  readonly overview: readonly { readonly title: string; readonly fields: readonly HeaderField[] }[];
  /** Milliseconds; absent where unknown. */
  readonly timings: {
    readonly dial?: number;
    readonly tls?: number;
    readonly firstByte?: number;
    readonly total?: number;
  };
  /** Why it failed, with the likely cause, and what to do next; '' where nothing failed. */
  readonly explanation: string;
  readonly next: string;
  readonly messages: readonly PanelMessage[];
  readonly notes: readonly string[];
}

/** A flow's payload in the order it was said. */
export interface PanelStream {
  readonly chunks: readonly {
    readonly up: boolean;
    readonly offset: number;
    readonly at: number;
    readonly bytes: Uint8Array;
  }[];
  /** Bytes that are not among the chunks. */
  readonly missing: { readonly up: number; readonly down: number };
}

/** Flows per slice of time for the overview strip. */
export interface PanelTimeline {
  readonly from: number;
  readonly to: number;
  readonly opened: readonly number[];
  readonly failed: readonly number[];
}

/** The commands of the context menu. */
export type PanelCommand =
  | 'copyAddress'
  | 'copyText'
  | 'copyJson'
  | 'copyCurl'
  | 'copyFetch'
  | 'compare'
  | 'save'
  | 'filterProcess'
  | 'filterHost'
  | 'openBody'
  /** Decoded; saveBodyRaw: as it was sent. */
  | 'saveBody'
  | 'saveBodyRaw'
  /** All that is held of one direction's payload. */
  | 'saveSent'
  | 'saveReceived'
  | 'movePanel'
  | 'captureTerminal';

/** More flows than this are not selected one by one: a query selects them. */
export const maxSelected = 100_000;

export interface Requests {
  /** What the page had told the host to remember comes back with the first state. */
  ready: { params: Record<string, never>; result: { state: PanelState; remembered?: unknown } };
  remember: { params: { state: unknown }; result: Record<string, never> };
  rows: { params: { from: number; to: number }; result: PanelRows };
  setQuery: { params: { query: string }; result: { error?: QueryError } };
  complete: { params: { query: string; cursor: number }; result: Completion[] };
  setSort: { params: { column: SortColumn; descending: boolean }; result: Record<string, never> };
  /** The row of a flow in the present order, or -1. */
  indexOf: { params: { id: FlowId }; result: number };
  /** Ids of rows [from, to), at most maxSelected of them. */
  ids: { params: { from: number; to: number }; result: FlowId[] };
  /** `stamp`: of the detail that is shown already. */
  detail: { params: { id: FlowId; stamp?: string }; result: PanelDetail | 'unchanged' | undefined };
  /** A body of a message of the detail; `side` for HTTP. */
  body: { params: { id: FlowId; message: number; side?: PanelSide }; result: PanelBody | undefined };
  stream: { params: { id: FlowId }; result: PanelStream | undefined };
  timeline: { params: { slices: number; from?: number; to?: number }; result: PanelTimeline };
  command: {
    params: { command: PanelCommand; ids: FlowId[]; message?: number; side?: PanelSide };
    result: Record<string, never>;
  };
}
export type Method = keyof Requests;

export type ToHost =
  | {
      [M in Method]: {
        readonly kind: 'request';
        readonly id: number;
        readonly method: M;
        readonly params: Requests[M]['params'];
      };
    }[Method]
  /**
   * The page has taken a state, and the next one may come: so a busy page hears of the newest one only. `newest`: so
   * many of the newest rows are to come with it, as the page follows them.
   */
  | { readonly kind: 'taken'; readonly newest: number };

export type ToWebview =
  | { readonly kind: 'answer'; readonly id: number; readonly result?: unknown; readonly error?: string }
  | { readonly kind: 'state'; readonly state: PanelState; readonly newest?: PanelRows }
  /** Put this query into the bar. */
  | { readonly kind: 'query'; readonly query: string }
  /** "Reveal in panel": select this flow and scroll to it. */
  | { readonly kind: 'reveal'; readonly id: FlowId };
