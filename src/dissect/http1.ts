// HTTP/1.0 and 1.1 (RFC 9112): requests and responses paired in order, several per connection, pipelining,
// chunked bodies, upgrades and CONNECT tunnels.
import { ByteQueue, latin1Text } from './bytes.ts';
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
import { BodyCollector, fieldOf, framingOf, header, takeLine } from './httpBody.ts';
import { startUpgraded } from './upgrade.ts';

const methods =
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND REPORT MKCOL COPY MOVE LOCK UNLOCK SEARCH PURGE'.split(
    ' ',
  );
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S+) (HTTP\/1\.\d)$/;
const statusLine = /^(HTTP\/1\.\d) (\d{3})(?: (.*))?$/;
const maxHeadBytes = 256 * 1024;
const maxHeaders = 1000;
/** Pipelined requests without an answer. */
const maxWaiting = 1000;

interface Head {
  line: string;
  headers: HeaderField[];
  bytes: number;
  startedAt: number;
}

/** One direction: a head is collected line by line, then its body. */
class Side {
  readonly queue = new ByteQueue();
  head: Head | undefined;
  body: BodyCollector | undefined;
  /** Why nothing more can be read here. */
  stopped = '';
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface MutableExchange {
  request?: Mutable<HttpRequest>;
  response?: Mutable<HttpResponse>;
  readonly at: number;
  readonly index: number;
}

class Http1 implements Dissection {
  application: Application = { protocol: 'http', summary: '' };
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  next?: NonNullable<Dissection['next']>;
  private readonly up = new Side();
  private readonly down = new Side();
  private readonly waiting: MutableExchange[] = []; // requests without a final response
  private sending: MutableExchange | undefined; // whose request body is going on
  private receiving: MutableExchange | undefined; // whose response body is going on
  private exchanges = 0;

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    const side = this[direction];
    if (side.stopped || this.next) return;
    side.queue.push(bytes);
    this.read(direction, side, at);
  }

  gap(direction: Direction, length: number, at: number): void {
    const side = this[direction];
    if (side.stopped || length <= 0) return;
    const beyond = side.body ? side.body.gap(length) : length;
    if (side.body) this.publish(direction, side, at);
    if (beyond > 0) this.stop(side, 'Part of this direction was not captured; what follows cannot be read.');
    else if (side.body?.complete) this.finish(direction, side);
  }

  end(direction: Direction, at: number): void {
    const side = this[direction];
    if (!side.body) return;
    side.body.end();
    this.publish(direction, side, at);
    this.finish(direction, side);
  }

  private read(direction: Direction, side: Side, at: number): void {
    while (side.queue.length > 0 && !side.stopped && !this.next) {
      if (!side.body && !this.readHead(direction, side, at)) return;
      if (!side.body) continue;
      side.body.take(side.queue);
      this.publish(direction, side, at);
      if (side.body.broken) return this.stop(side, 'The chunked coding is malformed; what follows cannot be read.');
      if (!side.body.complete) return;
      this.finish(direction, side);
    }
  }

  /** False while the head is not whole. */
  private readHead(direction: Direction, side: Side, at: number): boolean {
    for (;;) {
      const line = takeLine(side.queue);
      if (line === undefined) {
        if ((side.head?.bytes ?? 0) + side.queue.length > maxHeadBytes)
          this.stop(side, 'A header block exceeds 256 KiB.');
        return false;
      }
      if (!side.head) {
        if (line === '') continue; // empty lines before a request line are skipped (RFC 9112 section 2.2)
        side.head = { line, headers: [], bytes: 0, startedAt: at };
      } else if (line === '') {
        const head = side.head;
        side.head = undefined;
        this.begin(direction, side, head);
        return true;
      } else if (/^[ \t]/.test(line) && side.head.headers.length > 0) {
        const [name, value] = side.head.headers.pop()!; // obsolete line folding (RFC 9112 section 5.2)
        side.head.headers.push([name, `${value} ${line.trim()}`]);
      } else if (side.head.headers.length < maxHeaders) side.head.headers.push(fieldOf(line));
      side.head.bytes += line.length + 2;
      if (side.head.bytes > maxHeadBytes) {
        this.stop(side, 'A header block exceeds 256 KiB.');
        return false;
      }
    }
  }

  private begin(direction: Direction, side: Side, head: Head): void {
    if (direction === 'up') this.beginRequest(side, head);
    else this.beginResponse(side, head);
    if (!side.stopped && side.body) this.publish(direction, side, head.startedAt, true);
    if (side.body?.complete) this.finish(direction, side);
  }

  private beginRequest(side: Side, head: Head): void {
    const line = requestLine.exec(head.line);
    const framing = framingOf(head.headers, 'none');
    if (!line || !framing)
      return this.stop(side, line ? 'Contradicting Content-Length headers.' : 'Not an HTTP request line.');
    if (this.waiting.length >= maxWaiting)
      return this.stop(side, `More than ${maxWaiting} requests wait for an answer; what follows is not read.`);
    side.body = new BodyCollector(framing, head.headers);
    const exchange: MutableExchange = { at: head.startedAt, index: this.exchanges++ };
    exchange.request = {
      ...common(head, line[3]!, side.body),
      method: line[1]!,
      target: line[2]!,
      authority: header(head.headers, 'host') ?? (line[1] === 'CONNECT' ? line[2]! : ''),
    };
    this.sending = exchange;
    this.waiting.push(exchange);
    if (this.exchanges === maxMessages + 1) this.notes.push(`Only the first ${maxMessages} exchanges are shown.`);
  }

  private beginResponse(side: Side, head: Head): void {
    const line = statusLine.exec(head.line);
    if (!line) return this.stop(side, 'Not an HTTP status line.');
    const status = Number(line[2]);
    const exchange = this.waiting[0] ?? { at: head.startedAt, index: this.exchanges++ };
    const method = exchange.request?.method;
    const interim = status < 200 && status !== 101;
    const bodiless =
      status < 200 || status === 204 || status === 304 || method === 'HEAD' || (method === 'CONNECT' && status < 300);
    const framing = bodiless ? ({ kind: 'none' } as const) : framingOf(head.headers, 'until close');
    if (!framing) return this.stop(side, 'Contradicting Content-Length headers.');
    side.body = new BodyCollector(framing, head.headers);
    if (!interim) this.waiting.shift();
    exchange.response = { ...common(head, line[1]!, side.body), status, statusText: line[3] ?? '' };
    this.receiving = exchange;
  }

  /** Puts the present state of a direction's message into `messages` and the summary. */
  private publish(direction: Direction, side: Side, at: number, fresh = false): void {
    const exchange = direction === 'up' ? this.sending : this.receiving;
    const body = side.body;
    if (!exchange || !body) return;
    const part = direction === 'up' ? exchange.request : exchange.response;
    if (part) {
      part.complete = body.complete;
      part.endedAt = at;
    }
    // A body that goes on changes nothing else: it may come in many pieces.
    if (!fresh && !body.complete) return;
    if (exchange.index < maxMessages) this.messages[exchange.index] = this.message(exchange);
    this.summarise(exchange);
  }

  private message(e: MutableExchange): Message {
    return {
      kind: 'http',
      at: e.at,
      stream: 0,
      ...(e.request && { request: e.request }),
      ...(e.response && { response: e.response }),
    };
  }

  private summarise({ request, response }: MutableExchange): void {
    const more = this.exchanges > 1 ? ` (${this.exchanges} requests)` : '';
    const status = response && response.status;
    this.application = {
      protocol: 'http',
      summary: `${request ? `${request.method} ${request.target}` : 'response'}${status ? ` ${status}` : ''}${more}`,
      ...(request?.authority && { host: hostOf(request.authority) }),
      ...(request && { method: request.method }),
      ...(status && { status }),
      ...(((status ?? 0) >= 400 || this.application.failed) && { failed: true }),
    };
  }

  private finish(direction: Direction, side: Side): void {
    side.body = undefined;
    if (direction === 'up') {
      this.sending = undefined;
      return;
    }
    const done = this.receiving;
    this.receiving = undefined;
    if (!done?.request || !done.response) return;
    const tunnel = done.request.method === 'CONNECT' && done.response.status < 300 && done.response.status >= 200;
    if (done.response.status !== 101 && !tunnel) return;
    const next = startUpgraded(done.request, done.response, this.up.queue.drain(), this.down.queue.drain());
    if (next) this.next = next;
    else
      for (const s of [this.up, this.down])
        this.stop(s, 'The connection was upgraded to a protocol that is not known here.');
  }

  private stop(side: Side, why: string): void {
    side.stopped = why;
    side.body = undefined;
    side.queue.drain();
    if (!this.notes.includes(why)) this.notes.push(why);
  }
}

function common(
  head: Head,
  version: string,
  body: BodyCollector,
): Omit<HttpRequest, 'method' | 'target' | 'authority'> {
  return {
    version,
    headers: head.headers,
    trailers: body.trailers,
    body,
    startedAt: head.startedAt,
    endedAt: head.startedAt,
    complete: body.complete,
  };
}

/** The host of `host:port`, without brackets. */
export function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(authority);
  return bracketed ? bracketed[1]! : authority.replace(/:\d*$/, '');
}

function recognise({ transport, up, down }: FlowStart): Verdict {
  if (transport !== 'tcp') return 'no';
  if (up.length > 0) {
    const text = latin1Text(up.subarray(0, 4096));
    const line = /^(?:\r?\n)*([^\r\n]*)(\r?\n)?/.exec(text)!;
    if (line[2]) return requestLine.test(line[1]!) ? 'yes' : 'no';
    const start = line[1]!;
    const method = start.split(' ', 1)[0]!;
    const plausible = start.includes(' ') ? methods.includes(method) : methods.some((m) => m.startsWith(start));
    return plausible && up.length < 4096 ? 'more' : 'no';
  }
  if (down.length === 0) return 'more';
  const text = latin1Text(down.subarray(0, 9));
  if (text.length < 9) return 'HTTP/1.1 '.startsWith(text) || 'HTTP/1.0 '.startsWith(text) ? 'more' : 'no';
  return /^HTTP\/1\.\d /.test(text) ? 'yes' : 'no';
}

export const http1: Dissector = { protocol: 'http', recognise, begin: () => new Http1() };
