// QUIC versions 1 and 2 (RFC 9000, 9001, 9369). Initial packets are protected by keys that follow from the client's first
// connection id, so the ClientHello and ServerHello in them can be read by anyone; the rest stays closed.
import { ecb, gcm } from '@noble/ciphers/aes.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Reader, concat } from './bytes.ts';
import type { Application, Direction, Dissection, Dissector, FlowStart, Message, Verdict } from './dissection.ts';
import { clientHelloFields } from './tls.ts';
import { cipherName } from './tlsCiphers.ts';
import { parseClientHello, parseServerHello, versionName } from './tlsHello.ts';

interface Version {
  readonly name: string;
  readonly salt: Uint8Array;
  readonly label: string;
  /** Long-header packet type of Initial. */
  readonly initial: number;
}
const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (b) => Number.parseInt(b, 16));
const versions = new Map<number, Version>([
  [1, { name: 'QUIC 1', salt: fromHex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'), label: 'quic', initial: 0 }],
  [
    0x6b3343cf,
    { name: 'QUIC 2', salt: fromHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'), label: 'quicv2', initial: 1 },
  ],
]);
const maxCrypto = 64 * 1024;
const maxFragments = 200;
// The hellos come in the first packets; decrypting more would cost and show nothing.
const maxPackets = 40;

interface Keys {
  key: Uint8Array;
  iv: Uint8Array;
  hp: Uint8Array;
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  return expand(sha256, secret, Uint8Array.of(length >> 8, length & 255, name.length, ...name, 0), length);
}
function initialKeys(version: Version, connectionId: Uint8Array, from: Direction): Keys {
  const secret = expandLabel(
    extract(sha256, connectionId, version.salt),
    from === 'up' ? 'client in' : 'server in',
    32,
  );
  const part = (name: string, length: number): Uint8Array => expandLabel(secret, `${version.label} ${name}`, length);
  return { key: part('key', 16), iv: part('iv', 12), hp: part('hp', 16) };
}

/** RFC 9000 section 16. Lengths and offsets beyond 2^53 fail. */
function varint(r: Reader): number {
  const first = r.u8();
  let value = first & 0x3f;
  for (let n = (1 << (first >> 6)) - 1; n > 0; n--) value = value * 256 + r.u8();
  if (!Number.isSafeInteger(value)) r.failed = true;
  return value;
}

interface InitialPacket {
  readonly version: Version;
  readonly destinationId: Uint8Array;
  /** The packet from its first byte, and where the packet number starts. */
  readonly bytes: Uint8Array;
  readonly numberAt: number;
  readonly end: number;
}

/** The Initial packets of a datagram (several packets may be coalesced). */
function* initialPackets(datagram: Uint8Array): Generator<InitialPacket> {
  let at = 0;
  while (at < datagram.length) {
    const bytes = datagram.subarray(at);
    const r = new Reader(bytes);
    const first = r.u8();
    const version = versions.get(r.u32());
    if ((first & 0xc0) !== 0xc0 || !version) return;
    const destinationId = r.take(r.u8());
    r.skip(r.u8());
    const kind = (first >> 4) & 3;
    if (kind === version.initial) r.skip(varint(r));
    else if (kind === ((version.initial + 3) & 3)) return; // Retry: has no length and carries no frames
    const length = varint(r);
    const end = r.at + length;
    if (r.failed || length < 20 || end > bytes.length) return;
    if (kind === version.initial) yield { version, destinationId, bytes, numberAt: r.at, end };
    at += end;
  }
}

/** Removes header protection and decrypts (RFC 9001 section 5). Undefined where the keys do not fit. */
function open(packet: InitialPacket, keys: Keys): Uint8Array | undefined {
  const { bytes, numberAt, end } = packet;
  const mask = ecb(keys.hp, { disablePadding: true }).encrypt(bytes.slice(numberAt + 4, numberAt + 20));
  const head = bytes.slice(0, numberAt + 4);
  head[0]! ^= mask[0]! & 0x0f;
  const numberLength = (head[0]! & 3) + 1;
  const nonce = keys.iv.slice();
  for (let i = 0; i < numberLength; i++) {
    head[numberAt + i]! ^= mask[1 + i]!;
    nonce[12 - numberLength + i]! ^= head[numberAt + i]!;
  }
  const payloadAt = numberAt + numberLength;
  try {
    return gcm(keys.key, nonce, head.subarray(0, payloadAt)).decrypt(bytes.slice(payloadAt, end));
  } catch {
    return undefined; // the authentication tag does not fit
  }
}

/** CRYPTO data of one direction, put in order. */
class CryptoStream {
  private readonly fragments: { offset: number; bytes: Uint8Array }[] = [];
  private size = 0;

  add(payload: Uint8Array): void {
    const r = new Reader(payload);
    while (r.left > 0 && !r.failed) {
      const type = varint(r);
      if (type === 0 || type === 1) continue; // PADDING, PING
      if (type === 2 || type === 3) skipAck(r, type === 3);
      else if (type === 6) {
        const offset = varint(r);
        const bytes = r.take(varint(r));
        if (r.failed || offset > maxCrypto || this.fragments.length >= maxFragments) return;
        if ((this.size += bytes.length) > maxCrypto) return;
        this.fragments.push({ offset, bytes });
      } else return; // nothing else that matters is in an Initial packet
    }
  }

  /** The first handshake message of this type, when it is whole. */
  message(type: number): Uint8Array | undefined {
    this.fragments.sort((a, b) => a.offset - b.offset);
    const parts: Uint8Array[] = [];
    let next = 0;
    for (const { offset, bytes } of this.fragments) {
      if (offset > next) break;
      if (offset + bytes.length <= next) continue;
      parts.push(bytes.subarray(next - offset));
      next = offset + bytes.length;
    }
    const r = new Reader(concat(parts));
    const kind = r.u8();
    const length = r.u24();
    return !r.failed && kind === type && r.left >= length ? r.take(length) : undefined;
  }
}

function skipAck(r: Reader, ecn: boolean): void {
  varint(r);
  varint(r);
  const ranges = varint(r);
  varint(r);
  for (let i = 0; i < 2 * Math.min(ranges, 500) && !r.failed; i++) varint(r);
  if (ecn) for (let i = 0; i < 3; i++) varint(r);
}

class Quic implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  application: Application = { protocol: 'quic', summary: 'QUIC' };
  private keys: { up: Keys; down: Keys; version: Version } | undefined;
  private readonly crypto = { up: new CryptoStream(), down: new CryptoStream() };
  private readonly done = { up: false, down: false };
  private packets = 0;

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    if (this.done[direction] || this.packets > maxPackets) return;
    for (const packet of initialPackets(bytes)) {
      if (++this.packets > maxPackets) return;
      // The client's first destination id makes the keys of both directions; after a Retry there are new ones.
      const payload = this.keys && open(packet, this.keys[direction]);
      const opened = payload ?? (direction === 'up' ? this.rekey(packet) : undefined);
      if (opened) this.crypto[direction].add(opened);
    }
    this.hello(direction, at);
  }
  gap(): void {}
  end(): void {}

  private rekey(packet: InitialPacket): Uint8Array | undefined {
    const { version, destinationId } = packet;
    const keys = {
      version,
      up: initialKeys(version, destinationId, 'up'),
      down: initialKeys(version, destinationId, 'down'),
    };
    const payload = open(packet, keys.up);
    if (payload) this.keys = keys;
    return payload;
  }

  private hello(direction: Direction, at: number): void {
    const body = this.crypto[direction].message(direction === 'up' ? 1 : 2);
    if (!body) return;
    this.done[direction] = true;
    if (direction === 'up') {
      const hello = parseClientHello(body);
      if (!hello) return;
      const summary = [this.keys!.version.name, hello.alpn[0] ?? '', hello.serverName].filter(Boolean).join(' ');
      this.application = { protocol: 'quic', summary, ...(hello.serverName && { host: hello.serverName }) };
      this.messages.push({
        kind: 'handshake',
        at,
        direction,
        title: 'ClientHello',
        fields: clientHelloFields(hello, 'q'),
      });
    } else {
      const hello = parseServerHello(body);
      if (hello)
        this.messages.push({
          kind: 'handshake',
          at,
          direction,
          title: 'ServerHello',
          fields: [
            ['Version', versionName(hello.version)],
            ['Cipher suite', cipherName(hello.cipher)],
          ],
        });
    }
  }
}

function recognise({ transport, up, down }: FlowStart): Verdict {
  if (transport !== 'udp') return 'no';
  const first = up.length > 0 ? up : down;
  if (first.length === 0) return 'more';
  const version = new Reader(first, 1).u32();
  // The fixed bit, a version in use, and a length that an Initial must have (RFC 9000 section 14.1).
  return (first[0]! & 0xc0) === 0xc0 && versions.has(version) && first.length >= 1200 ? 'yes' : 'no';
}

export const quic: Dissector = { protocol: 'quic', recognise, begin: () => new Quic() };
