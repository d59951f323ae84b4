// SOCKS5 (RFC 1928): method negotiation, request and reply; what is tunnelled is dissected in its own right.
import { ByteQueue, Reader, latin1Text } from './bytes.ts';
import type { Application, Direction, Dissection, Dissector, FlowStart, Message, Verdict } from './dissection.ts';
import { formatIpv6 } from './dnsMessage.ts';

const commands: Readonly<Record<number, string>> = { 1: 'CONNECT', 2: 'BIND', 3: 'UDP ASSOCIATE' };
const replies = [
  'succeeded',
  'general failure',
  'not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
];

type Step = 'greeting' | 'authentication' | 'request' | 'done';
/** What the tunnel carries is told by the registry, which knows every dissector. */
let inner: (() => Dissector) | undefined;
export const onSocksTunnel = (dissector: () => Dissector): void => void (inner = dissector);

class Socks5 implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  application: Application = { protocol: 'socks5', summary: '' };
  next?: NonNullable<Dissection['next']>;
  private readonly up = new ByteQueue();
  private readonly down = new ByteQueue();
  private client: Step = 'greeting';
  private server: Step = 'greeting';
  private method = -1;
  private broken = false;

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    if (this.broken || this.next) return;
    this[direction].push(bytes);
    while (this.readClient(at) || this.readServer(at));
    if (this.up.length > 65536 || this.down.length > 65536) this.stop('The handshake is longer than SOCKS5 allows.');
  }
  gap(): void {
    this.stop('The handshake was not captured whole.');
  }
  end(): void {}

  private readClient(at: number): boolean {
    const r = new Reader(this.up.peek());
    if (this.client === 'greeting') {
      r.skip(1);
      r.skip(r.u8());
      if (r.failed) return false;
      this.client = 'request';
    } else if (this.client === 'request' && this.method === 2) {
      // Username and password (RFC 1929) come before the request; they are not shown.
      r.skip(1);
      r.skip(r.u8());
      r.skip(r.u8());
      if (r.failed) return false;
      this.method = 0;
    } else if (this.client === 'request' && this.method === 0) {
      r.skip(1);
      const command = r.u8();
      r.skip(1);
      const target = readAddress(r);
      if (r.failed || target === undefined) return false;
      this.client = 'done';
      const name = commands[command] ?? `command ${command}`;
      this.application = { protocol: 'socks5', summary: `${name} ${target.text}`, host: target.host, method: name };
      this.messages.push({
        kind: 'handshake',
        at,
        direction: 'up',
        title: 'Request',
        fields: [
          ['Command', name],
          ['Destination', target.text],
        ],
      });
    } else return false;
    this.up.consume(r.at);
    return true;
  }

  private readServer(at: number): boolean {
    const r = new Reader(this.down.peek());
    if (this.server === 'greeting') {
      r.skip(1);
      const method = r.u8();
      if (r.failed) return false;
      this.method = method;
      this.server = method === 2 ? 'authentication' : 'request';
      if (method === 0xff)
        this.application = { ...this.application, summary: 'no acceptable authentication method', failed: true };
    } else if (this.server === 'authentication') {
      r.skip(2);
      if (r.failed) return false;
      this.server = 'request';
    } else if (this.server === 'request' && this.client === 'done') {
      r.skip(1);
      const code = r.u8();
      r.skip(1);
      const bound = readAddress(r);
      if (r.failed || bound === undefined) return false;
      this.server = 'done';
      const text = replies[code] ?? `reply ${code}`;
      this.messages.push({
        kind: 'handshake',
        at,
        direction: 'down',
        title: 'Reply',
        fields: [
          ['Reply', text],
          ['Bound address', bound.text],
        ],
      });
      if (code !== 0)
        this.application = {
          ...this.application,
          summary: `${this.application.summary} ${text}`,
          status: code,
          failed: true,
        };
    } else return false;
    this.down.consume(r.at);
    if (this.server === 'done' && !this.application.failed && inner)
      this.next = { dissector: inner(), up: this.up.drain(), down: this.down.drain() };
    return !this.next;
  }

  private stop(why: string): void {
    if (this.broken || this.next || this.server === 'done') return;
    this.broken = true;
    this.up.drain();
    this.down.drain();
    this.notes.push(why);
  }
}

function readAddress(r: Reader): { host: string; text: string } | undefined {
  const type = r.u8();
  const host =
    type === 1
      ? Array.from(r.take(4)).join('.')
      : type === 3
        ? latin1Text(r.take(r.u8()))
        : type === 4
          ? formatIpv6(pad16(r.take(16)))
          : undefined;
  const port = r.u16();
  return host === undefined ? undefined : { host, text: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` };
}
const pad16 = (bytes: Uint8Array): Uint8Array => (bytes.length === 16 ? bytes : new Uint8Array(16));

function recognise({ transport, up, down }: FlowStart): Verdict {
  if (transport !== 'tcp') return 'no';
  if (up.length === 0) return down.length > 0 ? 'no' : 'more';
  if (up[0] !== 5 || (up.length > 1 && (up[1]! === 0 || up[1]! > 16))) return 'no';
  if (down.length === 0) return up.length > 2 + 16 ? 'no' : 'more';
  if (down[0] !== 5) return 'no';
  return down.length < 2 ? 'more' : [0, 1, 2, 0xff].includes(down[1]!) ? 'yes' : 'no';
}

export const socks5: Dissector = { protocol: 'socks5', recognise, begin: () => new Socks5() };
