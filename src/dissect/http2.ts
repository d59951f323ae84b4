// HTTP/2 in clear (RFC 9113): with prior knowledge or after an upgrade. Streams become exchanges; gRPC messages are told apart.
import { ByteQueue, Collected, Reader, latin1Text } from './bytes.ts';
import {
  maxMessages,
  type Application,
  type Direction,
  type Dissection,
  type Dissector,
  type FlowStart,
  type HeaderField,
  type HttpRequest,
  type HttpResponse,
  type Message,
  type Verdict,
} from './dissection.ts';
import { GrpcSplitter } from './grpc.ts';
import { HpackDecoder } from './hpack.ts';
import { hostOf } from './http1.ts';
import { BodyCollector, header } from './httpBody.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const type = { data: 0, headers: 1, reset: 3, settings: 4, pushPromise: 5, goAway: 7, continuation: 9 } as const;
const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;
const headerTableSize = 1; // SETTINGS_HEADER_TABLE_SIZE
const maxBlock = 256 * 1024;
const maxOpenStreams = 1000;
/** Kept of a header list, and of the trailers of a message. */
const maxFields = 1000;
const maxNotes = 20;
// What DATA payload is needed whole; every other frame is small or ignored.
const maxControlFrame = 1 << 20;

/** A request or a response. */
interface Part {
  /** Without the pseudo-header fields. */
  readonly headers: readonly HeaderField[];
  readonly pseudo: ReadonlyMap<string, string>;
  readonly authority: string;
  readonly body: BodyCollector;
  readonly startedAt: number;
  endedAt: number;
  readonly grpc?: GrpcSplitter;
  grpcStatus?: string | undefined;
}
interface Stream {
  id: number;
  index: number;
  at: number;
  up?: Part;
  down?: Part;
  reset?: number;
}

class Side {
  readonly queue = new ByteQueue();
  readonly hpack = new HpackDecoder();
  stopped = false;
  /** The DATA frame whose payload is going on. */
  data: { stream: number; left: number; padding: number; endStream: boolean } | undefined;
  block: { stream: number; bytes: Collected; endStream: boolean } | undefined;
  prefaceLeft = 0;
}

class Http2 implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  application: Application = { protocol: 'http2', summary: '' };
  private readonly up = new Side();
  private readonly down = new Side();
  private readonly streams = new Map<number, Stream>();
  private count = 0;

  constructor() {
    this.up.prefaceLeft = preface.length;
  }

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    const side = this[direction];
    if (side.stopped) return;
    side.queue.push(bytes);
    if (side.prefaceLeft > 0) {
      const gone = Math.min(side.prefaceLeft, side.queue.length);
      side.queue.consume(gone);
      side.prefaceLeft -= gone;
    }
    while (!side.stopped && side.queue.length > 0 && this.step(direction, side, at));
  }

  gap(direction: Direction, length: number, at: number): void {
    const side = this[direction];
    if (side.stopped || length <= 0) return;
    const d = side.data;
    if (!d || length > d.left)
      return this.stop(side, 'Part of this direction was not captured; what follows cannot be read.');
    this.streams.get(d.stream)?.[direction]?.body.gap(length);
    d.left -= length;
    if (d.left === 0) this.endData(direction, side, at);
  }

  end(direction: Direction): void {
    for (const stream of this.streams.values())
      if (stream[direction] && !stream[direction].body.complete) this.publish(stream);
  }

  /** One frame header, or as much DATA as there is. False while more bytes are needed. */
  private step(direction: Direction, side: Side, at: number): boolean {
    if (side.data) return this.readData(direction, side, at);
    const have = side.queue.peek();
    const r = new Reader(have);
    const length = r.u24();
    const kind = r.u8();
    const flags = r.u8();
    const stream = r.u32() & 0x7fffffff;
    if (r.failed) return false;
    if (kind === type.data) {
      const padding = flags & flag.padded ? r.u8() : 0;
      if (r.failed) return false;
      const left = length - (flags & flag.padded ? 1 : 0) - padding;
      if (left < 0) return this.malformed(side);
      side.queue.consume(r.at);
      side.data = { stream, left, padding, endStream: (flags & flag.endStream) !== 0 };
      if (left === 0) this.endData(direction, side, at);
      return true;
    }
    if (length > maxControlFrame) return this.malformed(side);
    if (have.length < 9 + length) return false;
    const payload = have.slice(9, 9 + length);
    side.queue.consume(9 + length);
    this.frame(direction, side, { kind, flags, stream, payload }, at);
    return true;
  }

  private readData(direction: Direction, side: Side, at: number): boolean {
    const d = side.data!;
    const take = Math.min(d.left, side.queue.length);
    const part = this.streams.get(d.stream)?.[direction];
    if (take > 0 && part) {
      const bytes = side.queue.peek().slice(0, take);
      const own = new ByteQueue();
      own.push(bytes);
      part.body.take(own);
      part.endedAt = at;
      for (const message of part.grpc?.push(bytes) ?? [])
        this.push({ kind: 'frame', at, direction, type: 'grpc', stream: d.stream, body: message });
    }
    side.queue.consume(take);
    d.left -= take;
    if (d.left > 0) return false;
    if (side.queue.length < d.padding) {
      d.padding -= side.queue.length;
      side.queue.consume(side.queue.length);
      return false;
    }
    side.queue.consume(d.padding);
    d.padding = 0;
    this.endData(direction, side, at);
    return true;
  }

  private endData(direction: Direction, side: Side, at: number): void {
    const d = side.data!;
    if (d.padding > 0) return; // still to be skipped
    side.data = undefined;
    const stream = this.streams.get(d.stream);
    if (stream?.[direction]) this.ended(stream, direction, d.endStream, at);
  }

  private frame(
    direction: Direction,
    side: Side,
    f: { kind: number; flags: number; stream: number; payload: Uint8Array },
    at: number,
  ): void {
    const r = new Reader(f.payload);
    switch (f.kind) {
      case type.headers: {
        const padding = f.flags & flag.padded ? r.u8() : 0;
        if (f.flags & flag.priority) r.skip(5);
        const block = r.take(r.left - padding);
        if (r.failed) return void this.malformed(side);
        side.block = { stream: f.stream, bytes: new Collected(), endStream: (f.flags & flag.endStream) !== 0 };
        side.block.bytes.push(block);
        break;
      }
      case type.pushPromise: {
        const padding = f.flags & flag.padded ? r.u8() : 0;
        const promised = r.u32() & 0x7fffffff;
        const block = r.take(r.left - padding);
        if (r.failed) return void this.malformed(side);
        side.block = { stream: promised, bytes: new Collected(), endStream: true };
        side.block.bytes.push(block);
        break;
      }
      case type.continuation:
        if (side.block?.stream !== f.stream || side.block.bytes.length + f.payload.length > maxBlock)
          return void this.malformed(side);
        side.block.bytes.push(f.payload);
        break;
      case type.settings:
        if (!(f.flags & flag.ack)) this.settings(direction, r);
        return;
      case type.reset: {
        const stream = this.streams.get(f.stream);
        if (!stream) return;
        stream.reset = r.u32();
        this.publish(stream);
        this.streams.delete(f.stream);
        return;
      }
      case type.goAway: {
        r.skip(4);
        const code = r.u32();
        if (code !== 0)
          this.note(
            `GOAWAY from the ${direction === 'up' ? 'client' : 'server'}, error code ${code} ${latin1Text(r.take(Math.min(r.left, 200)))}`.trim(),
          );
        return;
      }
      default:
        return; // PRIORITY, PING, WINDOW_UPDATE and extensions say nothing of the exchanges
    }
    if (f.flags & flag.endHeaders) this.headers(f.kind === type.pushPromise ? 'up' : direction, side, at);
  }

  /** A side's SETTINGS bound the table of what it will decode: the other direction's. */
  private settings(direction: Direction, r: Reader): void {
    while (r.left >= 6) {
      const id = r.u16();
      const value = r.u32();
      if (id === headerTableSize) this[direction === 'up' ? 'down' : 'up'].hpack.allow(value);
    }
  }

  private headers(direction: Direction, side: Side, at: number): void {
    const block = side.block!;
    side.block = undefined;
    const list = side.hpack.decode(block.bytes.bytes);
    if (!list) return this.stop(side, 'A header block cannot be decompressed; what follows cannot be read.');
    let stream = this.streams.get(block.stream);
    if (!stream) {
      if (this.streams.size >= maxOpenStreams) this.streams.delete(this.streams.keys().next().value!);
      stream = { id: block.stream, index: this.messages.length, at };
      this.streams.set(block.stream, stream);
      this.count++;
      this.push({ kind: 'http', at, stream: block.stream });
    }
    const part = stream[direction];
    if (!part || isInterim(part)) stream[direction] = begin(list, at);
    else addTrailers(part, list);
    this.ended(stream, direction, block.endStream, at);
  }

  private ended(stream: Stream, direction: Direction, endStream: boolean, at: number): void {
    const part = stream[direction]!;
    part.endedAt = at;
    if (endStream) part.body.end();
    this.publish(stream);
    if (stream.down?.body.complete && stream.up?.body.complete) this.streams.delete(stream.id);
  }

  private publish(stream: Stream): void {
    const request = stream.up && requestOf(stream.up);
    const response = stream.down && responseOf(stream.down);
    if (this.messages[stream.index]?.kind === 'http')
      this.messages[stream.index] = {
        kind: 'http',
        at: stream.at,
        stream: stream.id,
        ...(request && { request }),
        ...(response && { response }),
      };
    const grpc = stream.up?.grpc !== undefined;
    const grpcStatus = stream.down?.grpcStatus;
    const status = grpc && grpcStatus !== undefined ? number(grpcStatus) : response?.status;
    const outcome =
      stream.reset !== undefined
        ? `reset ${stream.reset}`
        : status === undefined
          ? ''
          : grpc && grpcStatus !== undefined
            ? `grpc-status ${status}`
            : `${status}`;
    this.application = {
      protocol: grpc ? 'grpc' : 'http2',
      summary: [
        `${request?.method ?? ''} ${request?.target ?? ''}`.trim(),
        outcome,
        this.count > 1 ? `(${this.count} requests)` : '',
      ]
        .filter(Boolean)
        .join(' '),
      ...(request?.authority && { host: hostOf(request.authority) }),
      ...(request && { method: request.method }),
      ...(status !== undefined && { status }),
      ...((this.application.failed ||
        stream.reset !== undefined ||
        (grpc && grpcStatus !== undefined ? status !== 0 : (status ?? 0) >= 400)) && { failed: true }),
    };
  }

  private push(message: Message): void {
    if (this.messages.length < maxMessages) this.messages.push(message);
    else this.note(limitNote);
  }
  private malformed(side: Side): false {
    this.stop(side, 'A frame is malformed; what follows cannot be read.');
    return false;
  }
  private stop(side: Side, why: string): void {
    side.stopped = true;
    side.queue.drain();
    this.note(why);
  }
  private note(text: string): void {
    if (!this.notes.includes(text) && this.notes.length < maxNotes) this.notes.push(text);
  }
}

const number = (text = ''): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);
const limitNote = `Only the first ${maxMessages} messages are shown.`;
const isInterim = ({ pseudo }: Part): boolean => /^1\d\d$/.test(pseudo.get(':status') ?? '');

function begin(list: readonly HeaderField[], at: number): Part {
  const pseudo = new Map(list.filter(([name]) => name.startsWith(':')));
  const headers = list.filter(([name]) => !name.startsWith(':')).slice(0, maxFields);
  const grpc = (header(headers, 'content-type') ?? '').startsWith('application/grpc');
  return {
    headers,
    pseudo,
    authority: pseudo.get(':authority') ?? header(headers, 'host') ?? '',
    body: new BodyCollector({ kind: 'until close' }, headers),
    startedAt: at,
    endedAt: at,
    ...(grpc && { grpc: new GrpcSplitter(header(headers, 'grpc-encoding') ?? '') }),
    grpcStatus: header(headers, 'grpc-status'),
  };
}

function addTrailers(part: Part, list: readonly HeaderField[]): void {
  const { trailers } = part.body;
  if (part.body.complete) return;
  trailers.push(...list.slice(0, maxFields - trailers.length));
  part.grpcStatus ??= header(list, 'grpc-status');
}

const common = (part: Part) => ({
  version: 'HTTP/2',
  headers: part.headers,
  trailers: part.body.trailers,
  body: part.body,
  startedAt: part.startedAt,
  endedAt: part.endedAt,
  complete: part.body.complete,
});
const requestOf = (part: Part): HttpRequest => ({
  ...common(part),
  method: part.pseudo.get(':method') ?? '',
  target: part.pseudo.get(':path') ?? '',
  authority: part.authority,
});
const responseOf = (part: Part): HttpResponse => ({
  ...common(part),
  status: number(part.pseudo.get(':status')),
  statusText: '',
});

function recognise({ transport, up }: FlowStart): Verdict {
  if (transport !== 'tcp') return 'no';
  const text = latin1Text(up.subarray(0, preface.length));
  if (!preface.startsWith(text)) return 'no';
  return text.length === preface.length ? 'yes' : 'more';
}

export const http2: Dissector = { protocol: 'http2', recognise, begin: () => new Http2() };
