// HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/) of the HTTP exchanges among flows.
import { utf8Text } from '../dissect/bytes.ts';
import { decodeContent, type Decoder } from '../dissect/content.ts';
import type { HeaderField, HttpRequest, HttpResponse } from '../dissect/dissection.ts';
import type { Flow } from '../flow/model.ts';
import { dissectFlow } from '../dissect/feed.ts';
import { base64 } from './base64.ts';
import type { FlowSource } from './source.ts';

export interface HarOptions {
  /** Name and version of this program. */
  readonly creator: { readonly name: string; readonly version: string };
  /** Content codings that only the host can undo. */
  readonly decoders?: Readonly<Record<string, Decoder>>;
  /** Bytes as base64: the host's own is several times as quick as ours. */
  readonly base64?: (bytes: Uint8Array) => string;
}

/** A write for every entry would cost more than the entry. */
const pieceLength = 1 << 20;

/** A HAR document in pieces of about a megabyte. Flows without HTTP give nothing. */
export function* writeHar(flows: Iterable<Flow>, source: FlowSource, options: HarOptions): Generator<string> {
  yield `{"log":{"version":"1.2","creator":${JSON.stringify(options.creator)},"entries":[`;
  let text = '\n';
  let separator = '';
  for (const flow of flows)
    for (const message of dissectFlow(flow, source).messages) {
      if (message.kind !== 'http' || !message.request) continue;
      text += separator + JSON.stringify(entry(flow, message.request, message.response, options));
      separator = ',\n';
      if (text.length < pieceLength) continue;
      yield text;
      text = '';
    }
  yield `${text}\n]}}\n`;
}

const milliseconds = (microseconds: number): number => Math.max(0, Math.round(microseconds) / 1000);
const iso = (at: number): string => new Date(at / 1000).toISOString();
const pairs = (fields: readonly HeaderField[]) => fields.map(([name, value]) => ({ name, value }));

function entry(flow: Flow, request: HttpRequest, response: HttpResponse | undefined, options: HarOptions) {
  const first = request.startedAt - flow.openedAt < 1_000_000 && flow.connectedAt > 0;
  const send = milliseconds(request.endedAt - request.startedAt);
  const wait = response ? milliseconds(response.startedAt - request.endedAt) : 0;
  const receive = response ? milliseconds(response.endedAt - response.startedAt) : 0;
  const connect = first ? milliseconds(flow.connectedAt - flow.openedAt) : -1;
  return {
    startedDateTime: iso(request.startedAt),
    time: send + wait + receive + Math.max(0, connect),
    request: harRequest(flow, request),
    response: response ? harResponse(response, options) : noResponse(flow),
    cache: {},
    timings: { blocked: -1, dns: -1, connect, send, wait, receive, ssl: -1 },
    serverIPAddress: flow.destination.address,
    connection: String(flow.id),
    _process: { pid: flow.process.pid, name: flow.process.name, path: flow.process.path },
  };
}

export function urlOf(flow: Flow, request: HttpRequest): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(request.target)) return request.target;
  const { address, port } = flow.destination;
  const host = request.authority || (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  return `http://${host}${request.target.startsWith('/') ? '' : '/'}${request.target === '*' ? '' : request.target}`;
}

function harRequest(flow: Flow, request: HttpRequest) {
  const url = urlOf(flow, request);
  const { body } = request;
  return {
    method: request.method,
    url,
    httpVersion: request.version,
    cookies: cookies(request.headers, 'cookie'),
    headers: pairs(request.headers),
    queryString: query(url),
    headersSize: -1,
    bodySize: body.length,
    ...(body.length > 0 && {
      postData: { mimeType: body.contentType, text: utf8Text(body.bytes), ...(body.truncated && { comment: cut }) },
    }),
  };
}

const cut = 'Cut at the body limit of the capture.';

function harResponse(response: HttpResponse, options: HarOptions) {
  const { body } = response;
  const content = decodeContent(body, options.decoders);
  const text = isText(body.contentType)
    ? { text: utf8Text(content.bytes) }
    : { text: (options.base64 ?? base64)(content.bytes), encoding: 'base64' };
  return {
    status: response.status,
    statusText: response.statusText,
    httpVersion: response.version,
    cookies: cookies(response.headers, 'set-cookie'),
    headers: pairs(response.headers),
    content: {
      size: content.bytes.length,
      ...(content.bytes.length !== body.length &&
        !body.truncated && { compression: content.bytes.length - body.length }),
      mimeType: body.contentType,
      ...(content.bytes.length > 0 && text),
      ...((content.truncated || content.problem) && { comment: content.problem ?? cut }),
    },
    redirectURL: response.headers.find(([n]) => n.toLowerCase() === 'location')?.[1] ?? '',
    headersSize: -1,
    bodySize: body.length,
  };
}

/** As browsers write a request that got no answer: status 0. */
const noResponse = (flow: Flow) => ({
  status: 0,
  statusText: '',
  httpVersion: '',
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: 'x-unknown' },
  redirectURL: '',
  headersSize: -1,
  bodySize: -1,
  ...(flow.reason && { comment: `No response: ${flow.reason}` }),
});

const isText = (type: string): boolean =>
  /^\s*(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|graphql)|[^;]*\+(json|xml)\b)/i.test(type);

function cookies(headers: readonly HeaderField[], name: string) {
  const values = headers.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
  const parts = name === 'cookie' ? values.flatMap((v) => v.split(';')) : values.map((v) => v.split(';', 1)[0]!);
  return parts
    .filter((p) => p.trim())
    .map((p) => {
      const at = p.indexOf('=');
      return at < 0 ? { name: p.trim(), value: '' } : { name: p.slice(0, at).trim(), value: p.slice(at + 1).trim() };
    });
}

function query(url: string): { name: string; value: string }[] {
  const at = url.indexOf('?');
  if (at < 0) return [];
  const plain = (text: string): string => {
    try {
      return decodeURIComponent(text.replaceAll('+', ' '));
    } catch {
      return text; // not percent-encoded after all
    }
  };
  return url
    .slice(at + 1)
    .split('#', 1)[0]!
    .split('&')
    .filter(Boolean)
    .map((part) => {
      const [name, ...value] = part.split('=');
      return { name: plain(name!), value: plain(value.join('=')) };
    });
}
