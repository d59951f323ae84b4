// TLS over TCP (RFC 8446, RFC 5246): the two hellos and alerts in clear. What is encrypted stays closed.
import { ByteQueue, Reader } from './bytes.ts';
import type {
  Application,
  Direction,
  Dissection,
  Dissector,
  FlowStart,
  HeaderField,
  Message,
  Verdict,
} from './dissection.ts';
import { cipherName } from './tlsCiphers.ts';
import {
  ja4,
  parseClientHello,
  parseServerHello,
  versionName,
  type ClientHello,
  type ServerHello,
} from './tlsHello.ts';

const record = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const handshake = { clientHello: 1, serverHello: 2, certificate: 11 } as const;
const maxRecord = 16384 + 2048; // RFC 5246 section 6.2.3
const maxHandshake = 128 * 1024;

const alerts: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

class Side {
  readonly queue = new ByteQueue();
  readonly handshakes = new ByteQueue();
  done = false;
}

class Tls implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  private readonly sides = { up: new Side(), down: new Side() };
  private client?: ClientHello;
  private server?: ServerHello;
  private alert = '';

  get application(): Application {
    const alpn = this.server?.alpn || (this.client?.alpn.length === 1 ? this.client.alpn[0]! : '');
    const version = this.server
      ? versionName(this.server.version)
      : this.client
        ? `${versionName(this.client.version)} offered`
        : 'TLS';
    return {
      protocol: 'tls',
      summary: [version, alpn, this.client?.serverName ?? '', this.alert && `alert ${this.alert}`]
        .filter(Boolean)
        .join(' '),
      ...(this.client?.serverName && { host: this.client.serverName }),
      ...(this.alert && { failed: true }),
    };
  }

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    const side = this.sides[direction];
    if (side.done) return;
    side.queue.push(bytes);
    while (!side.done && side.queue.length >= 5) {
      const head = new Reader(side.queue.peek());
      const type = head.u8();
      const version = head.u16();
      const length = head.u16();
      if (type < record.changeCipherSpec || type > 24 || version >> 8 !== 3 || length > maxRecord) {
        this.stop(side, 'A TLS record header is malformed; what follows cannot be read.');
        return;
      }
      if (side.queue.length < 5 + length) break;
      const body = side.queue.peek().slice(5, 5 + length);
      side.queue.consume(5 + length);
      this.record(direction, side, type, body, at);
    }
    // Records that are never shown need not be held while they grow.
    if (side.done) side.queue.drain();
  }

  gap(direction: Direction): void {
    const side = this.sides[direction];
    if (!side.done) this.stop(side, 'The handshake was not captured whole.');
  }
  end(): void {}

  private record(direction: Direction, side: Side, type: number, body: Uint8Array, at: number): void {
    switch (type) {
      case record.handshake:
        side.handshakes.push(body);
        this.readHandshakes(direction, side, at);
        break;
      case record.alert:
        // Two bytes: in clear. Longer: encrypted (TLS 1.2 after ChangeCipherSpec).
        if (body.length === 2) this.readAlert(direction, body, at);
        break;
      case record.changeCipherSpec:
        if (this.server && this.server.version < 0x0304) side.done = true;
        break;
      default:
        side.done = true; // application data: from here on nothing is in clear
    }
  }

  private readHandshakes(direction: Direction, side: Side, at: number): void {
    for (;;) {
      const r = new Reader(side.handshakes.peek());
      const type = r.u8();
      const length = r.u24();
      if (r.failed) return;
      if (length > maxHandshake) return this.stop(side, 'A handshake message exceeds 128 KiB.');
      if (r.left < length) return;
      const body = r.take(length);
      side.handshakes.consume(4 + length);
      if (type === handshake.clientHello && !this.client) this.clientHello(body, direction, at);
      // One, or one after a HelloRetryRequest.
      else if (type === handshake.serverHello && (!this.server || this.server.retry))
        this.serverHello(body, direction, at);
    }
  }

  private clientHello(body: Uint8Array, direction: Direction, at: number): void {
    const hello = parseClientHello(body);
    if (!hello) return this.note('The ClientHello is malformed.');
    this.client = hello;
    this.messages.push({
      kind: 'handshake',
      at,
      direction,
      title: 'ClientHello',
      fields: clientHelloFields(hello, 't'),
    });
  }

  private serverHello(body: Uint8Array, direction: Direction, at: number): void {
    const hello = parseServerHello(body);
    if (!hello) return this.note('The ServerHello is malformed.');
    this.server = hello;
    const fields: HeaderField[] = [
      ['Version', versionName(hello.version)],
      ['Cipher suite', cipherName(hello.cipher)],
    ];
    if (hello.alpn) fields.push(['ALPN', hello.alpn]);
    this.messages.push({
      kind: 'handshake',
      at,
      direction,
      title: hello.retry ? 'HelloRetryRequest' : 'ServerHello',
      fields,
    });
  }

  private readAlert(direction: Direction, [level, code]: Uint8Array, at: number): void {
    const name = alerts[code!] ?? `alert ${code}`;
    if (code !== 0) this.alert = name;
    const fields: HeaderField[] = [
      ['Level', level === 2 ? 'fatal' : 'warning'],
      ['Description', name],
    ];
    if (this.messages.length < 20) this.messages.push({ kind: 'handshake', at, direction, title: 'Alert', fields });
  }

  private note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
  private stop(side: Side, why: string): void {
    side.done = true;
    side.queue.drain();
    side.handshakes.drain();
    this.note(why);
  }
}

export function clientHelloFields(hello: ClientHello, transport: 't' | 'q'): HeaderField[] {
  const fields: HeaderField[] = [['Version', `${versionName(hello.version)} (highest offered)`]];
  if (hello.serverName) fields.push(['Server name (SNI)', hello.serverName]);
  // Browsers always send the extension, mostly filled with noise (RFC 9849 section 6.2), so nothing more can be said.
  if (hello.encrypted) fields.push(['Encrypted ClientHello', 'present: the name above may be a public one only']);
  if (hello.alpn.length) fields.push(['ALPN', hello.alpn.join(', ')]);
  fields.push(['Cipher suites', hello.ciphers.map(cipherName).join(', ')], ['JA4', ja4(hello, transport)]);
  return fields;
}

function recognise({ transport, up, down }: FlowStart): Verdict {
  if (transport !== 'tcp') return 'no';
  const first = up.length > 0 ? up : down;
  if (first.length === 0) return 'more';
  const types: readonly number[] = up.length > 0 ? [record.handshake] : [record.handshake, record.alert];
  if (!types.includes(first[0]!) || (first.length > 1 && first[1] !== 3) || (first.length > 2 && first[2]! > 4))
    return 'no';
  if (first.length < 6) return 'more';
  return first[0] === record.alert || first[5] === handshake.clientHello || first[5] === handshake.serverHello
    ? 'yes'
    : 'no';
}

export const tls: Dissector = { protocol: 'tls', recognise, begin: () => new Tls() };
