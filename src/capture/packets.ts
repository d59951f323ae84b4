// IP packets made up for flows that were relayed as streams: what a capture on the wire could have shown.
import type { BytesOut } from './bytesOut.ts';
import { checksum } from './bytesOut.ts';

export interface Side {
  /** 4 or 16 bytes, both sides alike. */
  readonly address: Uint8Array;
  readonly port: number;
}

export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** The payload bytes that one packet can hold. IPv4 counts its header in its 16-bit length, IPv6 does not. */
export const maxPayload = (address: Uint8Array, transport: 'tcp' | 'udp'): number =>
  65535 - (address.length === 4 ? 20 : 0) - (transport === 'tcp' ? 20 : 8);

const noBytes = new Uint8Array(0);

/**
 * Appends an IP packet. `length` is the payload's real size: where it is more than `payload` the packet's headers
 * say so and the bytes are missing, as in a capture with a snapshot length. Returns the packet's size on the wire.
 */
export function writeTcp(
  out: BytesOut,
  from: Side,
  to: Side,
  tcp: { readonly sequence: number; readonly acknowledgement: number; readonly flags: number },
  payload: Uint8Array = noBytes,
  length: number = payload.length,
): number {
  const wire = writeIp(out, from, to, 6, 20 + length);
  const at = out.length;
  out.be16(from.port);
  out.be16(to.port);
  out.be32(tcp.sequence);
  out.be32(tcp.flags & TcpFlag.ack ? tcp.acknowledgement : 0);
  out.be16((5 << 12) | tcp.flags);
  out.be16(0xffff); // window
  out.be16(0); // checksum
  out.be16(0); // urgent pointer
  out.bytes(payload);
  if (payload.length === length)
    out.setBe16(at + 16, checksum(out.sum(at, out.length) + pseudoSum(from, to, 6, 20 + length)));
  return wire;
}

export function writeUdp(
  out: BytesOut,
  from: Side,
  to: Side,
  payload: Uint8Array,
  length: number = payload.length,
): number {
  const wire = writeIp(out, from, to, 17, 8 + length);
  const at = out.length;
  out.be16(from.port);
  out.be16(to.port);
  out.be16(8 + length);
  out.be16(0);
  out.bytes(payload);
  // 0 means "no checksum" in IPv4, so a computed 0 is sent as all ones (RFC 768).
  if (payload.length === length)
    out.setBe16(at + 6, checksum(out.sum(at, out.length) + pseudoSum(from, to, 17, 8 + length)) || 0xffff);
  return wire;
}

function writeIp(out: BytesOut, from: Side, to: Side, protocol: number, length: number): number {
  const at = out.length;
  if (from.address.length === 4) {
    out.be16(0x4500);
    out.be16(20 + length);
    out.be32(0x4000); // no identification, do not fragment
    out.be16((64 << 8) | protocol);
    out.be16(0);
    out.bytes(from.address);
    out.bytes(to.address);
    out.setBe16(at + 10, checksum(out.sum(at, at + 20)));
    return 20 + length;
  }
  out.be32(0x60000000);
  out.be16(length);
  out.be16((protocol << 8) | 64);
  out.bytes(from.address);
  out.bytes(to.address);
  return 40 + length;
}

function pseudoSum(from: Side, to: Side, protocol: number, length: number): number {
  let sum = protocol + (length & 0xffff) + (length >>> 16);
  for (const { address } of [from, to])
    for (let i = 0; i < address.length; i += 2) sum += (address[i]! << 8) | address[i + 1]!;
  return sum;
}
