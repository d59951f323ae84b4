// A flow as the panel's table and detail show it. Imports no vscode.
import { utf8Text } from '../../dissect/bytes.ts';
import { decodeContent, type Decoder } from '../../dissect/content.ts';
import type { Body, Dissected, HeaderField, HttpMessage, Message } from '../../dissect/dissection.ts';
import { isFailure, type Flow } from '../../flow/model.ts';
import { bytesText, lostText, timeText } from '../../flow/text.ts';
import type {
  PanelBody,
  PanelBodyInfo,
  PanelDetail,
  PanelHttpSide,
  PanelMessage,
  PanelRow,
  PanelSide,
} from '../../protocol/panel.ts';
import { settings } from '../../protocol/ids.ts';
import { explain } from './explain.ts';
import { endpointText, type Translate } from '../sidebar/text.ts';

/** What a person reads of a body in the panel; the editor opens the whole. */
const maxText = 256 * 1024;
const maxBinary = 64 * 1024;
/** Of a message's text, beside its title. */
const maxPreview = 200;

export function rowOf(flow: Flow): PanelRow {
  const { process, application, reason } = flow;
  const failed = isFailure(reason) || application?.failed === true;
  return {
    id: flow.id,
    process: process.name,
    pid: process.pid,
    host: flow.inbound ? flow.source.address : flow.host || flow.destination.address,
    port: flow.destination.port,
    protocol: application?.protocol || flow.protocol,
    summary: application?.summary ?? '',
    state: failed ? 'failed' : flow.state,
    reason: reason ?? '',
    up: flow.bytesUp,
    down: flow.bytesDown,
    openedAt: flow.openedAt,
    connectedAt: flow.connectedAt,
    closedAt: flow.closedAt,
    inbound: flow.inbound,
    ...(flow.segments && { segments: flow.segments }),
  };
}

export interface DetailHost {
  /** Of live flows: so many bytes of each direction are kept. */
  readonly bodyLimit?: () => number;
  readonly decoders: Readonly<Record<string, Decoder>>;
  readonly t: Translate;
}

export function detailOf(flow: Flow, dissection: Dissected, stamp: string, host: DetailHost): PanelDetail {
  const { t } = host;
  const { process } = flow;
  const some = (fields: readonly (readonly [string, string | number | undefined | false])[]): HeaderField[] =>
    fields.flatMap(([name, value]) =>
      value === undefined || value === '' || value === false ? [] : [[name, String(value)] as const],
    );
  const sections = [
    {
      title: t('Who'),
      fields: some([
        [t('Process'), process.pid ? `${process.name} (${process.pid})` : process.name || t('unknown process')],
        [t('Path'), process.path],
        [t('Command line'), process.arguments.join(' ')],
        [t('Started by'), process.ancestors.map((a) => `${a.name} (${a.pid})`).join(' ← ')],
      ]),
    },
    {
      title: t('Where'),
      fields: some([
        [t('Direction'), flow.inbound && t('inbound: the other side called')],
        [t('Host'), flow.host],
        [t('Source'), endpointText(flow.source)],
        [t('Destination'), endpointText(flow.destination)],
        [t('Transport'), flow.protocol.toUpperCase()],
        [t('Protocol'), flow.application && `${flow.application.protocol} ${flow.application.summary}`.trim()],
      ]),
    },
    {
      title: t('What'),
      fields: some([
        [t('State'), flow.state],
        [t('Reason'), flow.reason],
        [t('Error'), flow.errorText && `${flow.errorText} (errno ${flow.error})`],
        [t('Up'), bytesText(flow.bytesUp)],
        [t('Down'), bytesText(flow.bytesDown)],
        [t('Datagrams'), flow.protocol === 'udp' && `↑ ${flow.datagramsUp} ↓ ${flow.datagramsDown}`],
        [t('Rule'), flow.rule],
        [t('Not let through'), flow.lost && lostText(flow.lost)],
        [t('Opened'), timeText(flow.openedAt)],
        [t('Answered'), flow.connectedAt > 0 && timeText(flow.connectedAt)],
        [t('Closed'), flow.closedAt > 0 && timeText(flow.closedAt)],
      ]),
    },
  ];
  const { segments } = flow;
  if (segments)
    sections.push({
      title: t('Segments'),
      fields: some([
        [t('Retransmitted'), segments.retransmitted || undefined],
        [t('Out of order'), segments.reordered || undefined],
        [t('Overlapping'), segments.overlapping || undefined],
        [t('Not in the capture'), segments.lost > 0 && bytesText(segments.lost)],
      ]),
    });
  return {
    row: rowOf(flow),
    stamp,
    overview: sections,
    timings: timings(flow, dissection.messages),
    ...explain(flow, t),
    messages: dissection.messages.flatMap((m, index) => (m ? [panelMessage(m, index, host)] : [])),
    notes: [...dissection.notes, ...limitNote(flow, host)],
  };
}

/** What to do where payload is missing because it is more than is kept. */
function limitNote(flow: Flow, { bodyLimit, t }: DetailHost): readonly string[] {
  const limit = bodyLimit?.() ?? Infinity;
  if (Math.max(flow.bytesUp, flow.bytesDown) <= limit) return [];
  return [
    t('The first {0} of each direction are kept; the setting {1} keeps more.', bytesText(limit), settings.bodyLimit),
  ];
}

function timings(flow: Flow, messages: readonly Message[]): PanelDetail['timings'] {
  const ms = (from: number, to: number): number => Math.max(0, to - from) / 1000;
  const hello = messages.filter((m) => m?.kind === 'handshake' && m.title.endsWith('Hello'));
  const http = messages.find((m) => m?.kind === 'http');
  const answered =
    http?.kind === 'http' && http.request && http.response
      ? { request: http.request, response: http.response }
      : undefined;
  return {
    ...(flow.connectedAt > 0 && { dial: ms(flow.openedAt, flow.connectedAt) }),
    ...(hello.length === 2 && { tls: ms(hello[0]!.at, hello[1]!.at) }),
    ...(answered && { firstByte: ms(answered.request.endedAt, answered.response.startedAt) }),
    ...(flow.closedAt > 0 && { total: ms(flow.openedAt, flow.closedAt) }),
  };
}

function panelMessage(m: Message, index: number, host: DetailHost): PanelMessage {
  switch (m.kind) {
    case 'http': {
      const { request, response } = m;
      const title = `${request ? `${request.method} ${request.target}` : host.t('response')}${response ? ` → ${response.status}` : ''}`;
      return {
        kind: 'http',
        index,
        at: m.at,
        title,
        ...(request && { request: side(`${request.method} ${request.target} ${request.version}`, request) }),
        ...(response && {
          response: side(`${response.version} ${response.status} ${response.statusText}`.trim(), response),
        }),
      };
    }
    case 'frame':
      return {
        kind: 'frame',
        index,
        at: m.at,
        up: m.direction === 'up',
        title: `${m.type} ${bytesText(m.body.length)}`,
        preview: (m.text ?? '').slice(0, maxPreview).replace(/\s+/g, ' ').trim(),
        body: info(m.body),
      };
    case 'dns':
      return { kind: 'dns', index, at: m.at, up: m.direction === 'up', dns: m.dns };
    case 'handshake':
      return { kind: 'handshake', index, at: m.at, up: m.direction === 'up', title: m.title, fields: m.fields };
  }
}

const info = ({ length, contentType }: Body): PanelBodyInfo => ({ size: length, contentType });

const side = (startLine: string, message: HttpMessage): PanelHttpSide => ({
  startLine,
  headers: message.headers,
  trailers: message.trailers,
  body: info(message.body),
});

/** A message's body; `which` for HTTP. */
export function messageBody(m: Message | undefined, which: PanelSide, host: DetailHost): PanelBody | undefined {
  if (m?.kind === 'frame') return panelBody(m.body, host, m.text);
  const body = m?.kind === 'http' ? m[which]?.body : undefined;
  return body && panelBody(body, host);
}

export function panelBody(body: Body, { decoders, t }: DetailHost, known?: string): PanelBody {
  const content = decodeContent(body, decoders);
  const { bytes } = content;
  const notes = [
    body.truncated
      ? t('Only the first {0} of {1} were kept.', bytesText(body.bytes.length), bytesText(body.length))
      : '',
    content.problem ?? '',
    !body.truncated && content.truncated && !content.problem ? t('It unfolds to more than is shown.') : '',
  ].filter(Boolean);
  const coding = content.problem ? '' : body.contentEncoding;
  const base = { size: body.length, contentType: body.contentType, coding, notes };
  if (bytes.length === 0) return { ...base, kind: 'none' };
  // SVG is shown as its text: as an image it could carry a script.
  if (
    /^image\/(png|jpeg|gif|webp|bmp|avif|x-icon|vnd\.microsoft\.icon)\b/i.test(body.contentType) &&
    !content.truncated
  )
    return { ...base, kind: 'image', bytes };
  const text = known ?? (isText(body.contentType, bytes) ? utf8Text(bytes) : undefined);
  if (text === undefined) return { ...base, kind: 'binary', bytes: bytes.slice(0, maxBinary) };
  if (text.length > maxText) notes.push(t('Only the first {0} are shown here.', bytesText(maxText)));
  const language = languageOf(body.contentType, text);
  return { ...base, kind: 'text', text: text.slice(0, maxText), ...(language && { language }) };
}

/** Text by its type, or where the bytes are UTF-8 without control characters. */
function isText(contentType: string, bytes: Uint8Array): boolean {
  if (
    /^\s*(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson))|\+(json|xml)\b/i.test(
      contentType,
    )
  )
    return true;
  if (/^\s*(image|audio|video|font)\/|application\/(octet-stream|zip|gzip|grpc|x-protobuf|pdf|wasm)/i.test(contentType))
    return false;
  const sample = bytes.subarray(0, 4096);
  return (
    !sample.some((b) => b < 32 && b !== 9 && b !== 10 && b !== 13) &&
    !utf8Text(sample.subarray(0, Math.max(0, sample.length - 3))).includes('\ufffd')
  );
}

/** A language of webview/detail/highlight.ts, and of the editor. */
export function languageOf(contentType: string, text: string): string | undefined {
  const type = contentType.toLowerCase();
  if (/json/.test(type)) return 'json';
  if (/html/.test(type)) return 'html';
  if (/xml|svg/.test(type)) return 'xml';
  if (/javascript/.test(type)) return 'javascript';
  if (/css/.test(type)) return 'css';
  if (/x-www-form-urlencoded/.test(type)) return 'form';
  return /^\s*[[{]/.test(text) ? 'json' : /^\s*</.test(text) ? 'xml' : undefined;
}
