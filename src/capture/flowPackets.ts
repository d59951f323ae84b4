// One flow as the packets of a capture, in time order: handshake, payload, what was left out, and how it ended.
import type { Flow, Microseconds } from '../flow/model.ts';
import { parseAddress } from './address.ts';
import type { BytesOut } from './bytesOut.ts';
import { TcpFlag, maxPayload, writeTcp, writeUdp, type Side } from './packets.ts';
import type { FlowSource, PayloadChunk } from './source.ts';

export interface Packet {
  readonly at: Microseconds;
  /** Appends the packet; returns its size on the wire. */
  write(out: BytesOut): number;
}

/** Packets without payload that stand for what was not kept. More would say nothing new. */
const maxMissingPackets = 16_384; // about 1 GiB; behind it readers see a gap

type Direction = 'up' | 'down';
/** Payload or a hole in it; `at` never goes back within a direction. */
interface Piece {
  readonly direction: Direction;
  readonly at: Microseconds;
  readonly bytes: Uint8Array;
  readonly length: number;
}

const noBytes = new Uint8Array(0);

/** Undefined where the flow's addresses cannot stand in one packet. */
export function packetsOf(flow: Flow, source: FlowSource): Packet[] | undefined {
  const client = side(flow.source);
  const server = side(flow.destination);
  if (!client || !server || client.address.length !== server.address.length) return undefined;
  const [from, to] = flow.inbound ? [server, client] : [client, server];
  const pieces = piecesOf(flow, source);
  return flow.protocol === 'udp' ? udpPackets(from, to, pieces) : tcpPackets(flow, from, to, pieces);
}

function side({ address, port }: { readonly address: string; readonly port: number }): Side | undefined {
  const bytes = parseAddress(address);
  return bytes && { address: bytes, port };
}

function piecesOf(flow: Flow, source: FlowSource): Piece[] {
  const end = flow.closedAt || flow.openedAt;
  const all = (['up', 'down'] as const).flatMap((direction) => {
    const { chunks } = source.body(flow.id, direction);
    const total = direction === 'up' ? flow.bytesUp : flow.bytesDown;
    return flow.protocol === 'udp'
      ? chunks.map((c) => ({ direction, ...c }))
      : withHoles(direction, chunks, total, end);
  });
  return all.sort((a, b) => a.at - b.at);
}

/** A stream's chunks with pieces for the bytes that are missing between and behind them. */
function withHoles(direction: Direction, chunks: readonly PayloadChunk[], total: number, end: Microseconds): Piece[] {
  const pieces: Piece[] = [];
  let next = 0;
  let at = 0;
  const hole = (length: number, when: Microseconds): void =>
    void pieces.push({ direction, at: when, bytes: noBytes, length });
  for (const chunk of chunks) {
    at = Math.max(at, chunk.at);
    if (chunk.offset > next) hole(chunk.offset - next, at);
    const fresh = chunk.bytes.subarray(Math.max(0, next - chunk.offset));
    if (fresh.length > 0) pieces.push({ direction, at, bytes: fresh, length: fresh.length });
    next = Math.max(next, chunk.offset + chunk.bytes.length);
  }
  if (total > next) hole(total - next, Math.max(at, end));
  return pieces;
}

function udpPackets(client: Side, server: Side, pieces: readonly Piece[]): Packet[] {
  return pieces.map(({ direction, at, bytes, length }) => {
    const [from, to] = direction === 'up' ? [client, server] : [server, client];
    return { at, write: (out) => writeUdp(out, from, to, bytes, Math.min(length, maxPayload(from.address, 'udp'))) };
  });
}

/** The state of a made-up TCP connection: the next sequence number of each direction. */
class Connection {
  readonly packets: Packet[] = [];
  private readonly ends: Record<Direction, Side>;
  private readonly next: Record<Direction, number>;
  private at: Microseconds;

  constructor(client: Side, server: Side, id: number, at: Microseconds) {
    this.ends = { up: client, down: server };
    // Distinct per flow, so that a port used again is not taken for a retransmission.
    this.next = { up: Math.imul(id, 0x9e3779b1) >>> 0, down: Math.imul(id, 0x85ebca77) >>> 0 };
    this.at = at;
  }

  send(
    direction: Direction,
    at: Microseconds,
    flags: number,
    bytes: Uint8Array = noBytes,
    length = bytes.length,
  ): void {
    this.at = Math.max(this.at, at); // a capture's clock does not go back
    const other = direction === 'up' ? 'down' : 'up';
    const tcp = { sequence: this.next[direction], acknowledgement: this.next[other], flags };
    const [from, to] = [this.ends[direction], this.ends[other]];
    this.packets.push({ at: this.at, write: (out) => writeTcp(out, from, to, tcp, bytes, length) });
    const counts = length + (flags & (TcpFlag.syn | TcpFlag.fin) ? 1 : 0);
    this.next[direction] = (this.next[direction] + counts) % 2 ** 32;
  }

  payload({ direction, at, bytes, length }: Piece): void {
    const limit = maxPayload(this.ends.up.address, 'tcp');
    const hole = bytes.length === 0;
    let sent = 0;
    for (let n = 0; sent < length && !(hole && n >= maxMissingPackets); n++) {
      const size = Math.min(limit, length - sent);
      this.send(direction, at, TcpFlag.ack | TcpFlag.psh, hole ? noBytes : bytes.subarray(sent, sent + size), size);
      sent += size;
    }
    this.next[direction] = (this.next[direction] + (length - sent)) % 2 ** 32;
    // The acknowledgement, so that no reader takes the data for unacknowledged.
    this.send(direction === 'up' ? 'down' : 'up', at, TcpFlag.ack);
  }
}

function tcpPackets(flow: Flow, client: Side, server: Side, pieces: readonly Piece[]): Packet[] {
  const c = new Connection(client, server, flow.id, flow.openedAt);
  c.send('up', flow.openedAt, TcpFlag.syn);
  const connected = flow.connectedAt > 0 || pieces.length > 0;
  const closedAt = flow.closedAt;
  if (!connected) {
    if (flow.reason === 'refused') c.send('down', closedAt, TcpFlag.rst | TcpFlag.ack);
    return c.packets;
  }
  c.send('down', flow.connectedAt || flow.openedAt, TcpFlag.syn | TcpFlag.ack);
  c.send('up', flow.connectedAt || flow.openedAt, TcpFlag.ack);
  for (const piece of pieces) c.payload(piece);
  if (closedAt > 0) end(c, flow, closedAt);
  return c.packets;
}

function end(c: Connection, flow: Flow, at: Microseconds): void {
  switch (flow.reason) {
    case 'eof':
      c.send('up', at, TcpFlag.fin | TcpFlag.ack);
      c.send('down', at, TcpFlag.fin | TcpFlag.ack);
      c.send('up', at, TcpFlag.ack);
      break;
    case 'reset by client':
      c.send('up', at, TcpFlag.rst | TcpFlag.ack);
      break;
    case 'reset by server':
      c.send('down', at, TcpFlag.rst | TcpFlag.ack);
      break;
    default: // the proxy ended it, or nobody saw how it ended: no packet is made up
  }
}
