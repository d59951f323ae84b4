// Small capture files of every kind, which fuzzing changes.
import { BytesOut } from '../../../src/capture/bytesOut.ts';
import { TcpFlag, writeTcp, writeUdp } from '../../../src/capture/packets.ts';

const client = { address: Uint8Array.of(10, 0, 0, 1), port: 4000 };
const server = { address: Uint8Array.of(10, 0, 0, 2), port: 80 };
const six = (port: number) => ({ address: Uint8Array.from({ length: 16 }, (_, i) => i), port });
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** Packets of raw IP: a connection with a segment twice and one missing, and a datagram. */
export function packets(): Uint8Array[] {
  const tcp =
    (up: boolean, sequence: number, flags: number, text = '') =>
    (out: BytesOut) =>
      writeTcp(out, up ? client : server, up ? server : client, { sequence, acknowledgement: 7, flags }, ascii(text));
  const request = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
  const writers = [
    tcp(true, 0, TcpFlag.syn), tcp(false, 100, TcpFlag.syn | TcpFlag.ack), tcp(true, 1, TcpFlag.ack, request), tcp(true, 1, TcpFlag.ack, request),
    tcp(false, 101, TcpFlag.ack, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), tcp(false, 150, TcpFlag.ack, 'xyz'),
    tcp(true, 35, TcpFlag.fin | TcpFlag.ack), tcp(false, 153, TcpFlag.rst | TcpFlag.ack),
    (out: BytesOut) => writeUdp(out, six(5000), six(53), ascii('\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01')),
  ]; // prettier-ignore
  return writers.map((write) => {
    const out = new BytesOut();
    write(out);
    return out.take();
  });
}

/** Numbers in the byte order of the file. */
export class Words {
  readonly bytes: number[] = [];
  readonly little: boolean;
  constructor(little: boolean) {
    this.little = little;
  }
  put(size: 2 | 4, ...values: number[]): this {
    for (const value of values)
      for (let i = 0; i < size; i++) this.bytes.push((value >>> (8 * (this.little ? i : size - 1 - i))) & 255);
    return this;
  }
  raw(bytes: Uint8Array): this {
    for (const b of bytes) this.bytes.push(b);
    return this;
  }
  align(): this {
    while (this.bytes.length % 4) this.bytes.push(0);
    return this;
  }
}

export function pcap(little: boolean, magic: number, linkType = 101, all = packets()): Uint8Array {
  const w = new Words(little).put(4, magic).put(2, 2, 4).put(4, 0, 0, 65_535, linkType);
  all.forEach((p, i) => w.put(4, 1000 + i, 5, p.length, p.length).raw(p));
  return Uint8Array.from(w.bytes);
}

export function block(little: boolean, type: number, content: Words): Uint8Array {
  content.align();
  const length = content.bytes.length + 12;
  return Uint8Array.from(
    new Words(little).put(4, type, length).raw(Uint8Array.from(content.bytes)).put(4, length).bytes,
  );
}
export const section = (little: boolean): Uint8Array =>
  block(little, 0x0a0d0d0a, new Words(little).put(4, 0x1a2b3c4d).put(2, 1, 0).put(4, 0xffffffff, 0xffffffff));
/** `resolution`: the timestamp option's byte; undefined: without the option. */
export function interfaceBlock(little: boolean, resolution?: number, linkType = 101): Uint8Array {
  const w = new Words(little).put(2, linkType, 0).put(4, 0);
  if (resolution !== undefined)
    w.put(2, 9, 1)
      .raw(Uint8Array.of(resolution, 0, 0, 0))
      .put(2, 0, 0);
  return block(little, 1, w);
}
export function packetBlock(little: boolean, bytes: Uint8Array, at = 1000, comment = '', id = 0): Uint8Array {
  const w = new Words(little)
    .put(4, id, Math.floor(at / 2 ** 32), at >>> 0, bytes.length, bytes.length)
    .raw(bytes)
    .align();
  if (comment) w.put(2, 1, comment.length).raw(ascii(comment)).align().put(2, 0, 0);
  return block(little, 6, w);
}

function pcapng(little: boolean): Uint8Array {
  const names = new Words(little)
    .put(2, 1, 8)
    .raw(Uint8Array.of(10, 0, 0, 2, 97, 46, 98, 0))
    .put(2, 0, 0);
  const simple = packets()[0]!;
  return Buffer.concat([
    section(little),
    interfaceBlock(little, 9),
    block(little, 4, names),
    ...packets().map((p, i) => packetBlock(little, p, 1e9 + i, i === 0 ? 'process: node (42)\nhost: a.example\nreason: eof' : '')), // prettier-ignore
    block(little, 3, new Words(little).put(4, simple.length).raw(simple)),
    section(!little),
    interfaceBlock(!little, 0x8a),
    packetBlock(!little, simple),
  ]);
}

export const captureSeeds = (): Uint8Array[] => [
  pcap(true, 0xa1b2c3d4),
  pcap(false, 0xa1b23c4d),
  // Other link layers before the packet: Ethernet with a tag, Linux "cooked", BSD loopback.
  ...([[1, '000000000000000000000000810000010800'], [113, '0000000100060000000000000000' + '0800'], [0, '02000000']] as const).map(([type, head]) => pcap(true, 0xa1b2c3d4, type, packets().map((p) => Buffer.concat([Buffer.from(head, 'hex'), p])))), // prettier-ignore
  pcapng(true),
  pcapng(false),
];
