// A capture's packets as the frames of a proxy, so that a file fills the same store, table and detail as live flows.
import { CloseReason, CloseReasonNames, Direction, Protocol, ProxyFrame, type FlowClosed } from '../../gen/flow_pb.ts';
import { hex } from '../dissect/bytes.ts';
import { parseComment, type FlowComment } from './comment.ts';
import { decodePacket, type Passed, type Segment } from './decodePacket.ts';
import { TcpFlag } from './packets.ts';
import type { CaptureSink, CapturedPacket } from './reader.ts';
import { TcpStream, type StreamCounts } from './tcpStream.ts';

/** Conversations that are under way at once; beyond it the longest silent one ends. */
const maxConversations = 100_000;
/** A UDP conversation ends after this silence. Microseconds. */
const udpIdle = 120e6;

interface Conversation {
  readonly id: number;
  readonly key: string;
  readonly protocol: 'tcp' | 'udp';
  readonly client: string;
  readonly up: TcpStream;
  readonly down: TcpStream;
  connectedAt: number;
  lastAt: number;
  /** Ended; kept so that its last acknowledgements do not look like a new connection. */
  closed: boolean;
  datagramsUp: number;
  datagramsDown: number;
  readonly comment: FlowComment | undefined;
}

export interface ReplaySummary {
  readonly packets: number;
  readonly flows: number;
  /** Time of the last packet; 0 without any. */
  readonly lastAt: number;
  readonly streams: StreamCounts;
  /** Packets that are no TCP or UDP payload, by why. */
  readonly passed: Readonly<Partial<Record<Passed, number>>>;
}

/** Feed with a CaptureReader, then finish(). `send` gets one ProxyFrame's bytes at a time. */
export class Replay implements CaptureSink {
  private readonly send: (frame: Uint8Array) => void;
  private readonly conversations = new Map<string, Conversation>(); // least recently heard first
  private readonly names = new Map<string, string>();
  private readonly passed: Partial<Record<Passed, number>> = {};
  private readonly total: StreamCounts = { retransmitted: 0, reordered: 0, overlapping: 0, lost: 0 };
  private flows = 0;
  private packets = 0;
  private lastAt = 0;
  private readonly bodyLimit: number;

  /** Payload behind the first `bodyLimit` bytes of a direction is only counted. */
  constructor(send: (frame: Uint8Array) => void, bodyLimit = Infinity) {
    this.send = send;
    this.bodyLimit = bodyLimit;
  }

  name(address: Uint8Array, name: string): void {
    if (this.names.size < 1_000_000) this.names.set(hex(address), name.slice(0, 255));
  }

  packet(packet: CapturedPacket): void {
    this.packets++;
    this.lastAt = Math.max(this.lastAt, packet.at);
    const segment = decodePacket(packet.linkType, packet.bytes, packet.length);
    if (typeof segment === 'string') this.passed[segment] = (this.passed[segment] ?? 0) + 1;
    else if (segment.protocol === 'tcp') this.tcp(segment, packet);
    else this.udp(segment, packet);
  }

  /** The capture is over: what is still open stays open, with all its payload. */
  finish(): ReplaySummary {
    for (const c of this.conversations.values()) {
      if (c.closed) continue;
      this.flush(c);
      this.frame({ counters: { id: c.id, ...this.counts(c), eofUp: c.up.finished, eofDown: c.down.finished } });
    }
    this.conversations.clear();
    return { packets: this.packets, flows: this.flows, lastAt: this.lastAt, streams: this.total, passed: this.passed };
  }

  private tcp(s: Segment, packet: CapturedPacket): void {
    const syn = (s.flags & TcpFlag.syn) !== 0;
    const ack = (s.flags & TcpFlag.ack) !== 0;
    let c = this.find(s);
    if (c?.closed && !syn) return;
    // The same ports again: a new connection.
    const used = c !== undefined && (c.closed || c.up.next > 0 || c.connectedAt > 0);
    if (c && used && syn && !ack) {
      this.close(c, packet.at, CloseReason.unspecified);
      c = undefined;
    }
    c ??= this.open(s, packet, syn && ack);
    const direction = c.client === endpoint(s.source, s.sourcePort) ? 'up' : 'down';
    const [own, other] = direction === 'up' ? [c.up, c.down] : [c.down, c.up];
    c.lastAt = packet.at;
    if (syn) own.synchronise(s.sequence);
    if (syn && ack && c.connectedAt === 0) {
      c.connectedAt = packet.at;
      this.frame({ counters: { id: c.id, ...this.counts(c), eofUp: false, eofDown: false } });
    }
    own.segment((s.sequence + (syn ? 1 : 0)) >>> 0, s.payload, s.length, packet.at);
    if (ack) other.acknowledged(s.acknowledgement);
    if (s.flags & TcpFlag.fin) own.finished = true;
    if (s.flags & TcpFlag.rst) this.close(c, packet.at, resetReason(c, direction));
    else if (c.up.finished && c.down.finished) this.close(c, packet.at, CloseReason.eof);
  }

  private udp(s: Segment, packet: CapturedPacket): void {
    let c = this.find(s);
    if (c && packet.at - c.lastAt > udpIdle) {
      this.close(c, c.lastAt, CloseReason.idle);
      c = undefined;
    }
    c ??= this.open(s, packet, false);
    c.lastAt = packet.at;
    const up = c.client === endpoint(s.source, s.sourcePort);
    const stream = up ? c.up : c.down;
    if (up) c.datagramsUp++;
    else c.datagramsDown++;
    if (!up && c.connectedAt === 0) c.connectedAt = packet.at;
    this.data(c.id, up ? Direction.up : Direction.down, stream.next, s.payload, packet.at, s.length);
    stream.next += s.length;
  }

  private find(s: Segment): Conversation | undefined {
    const key = keyOf(s);
    const c = this.conversations.get(key);
    if (c) {
      this.conversations.delete(key);
      this.conversations.set(key, c);
    }
    return c;
  }

  private open(s: Segment, packet: CapturedPacket, fromServer: boolean): Conversation {
    if (this.conversations.size >= maxConversations) {
      const oldest = this.conversations.values().next().value!;
      this.close(oldest, oldest.lastAt, CloseReason.unspecified);
      this.conversations.delete(oldest.key);
    }
    const id = ++this.flows;
    const comment = packet.comments.map(parseComment).find((c) => c !== undefined);
    // Without a handshake the lower port is the server's, as servers mostly are.
    const swapped =
      fromServer || (s.protocol === 'tcp' && !(s.flags & TcpFlag.syn) && s.sourcePort < s.destinationPort);
    const ends = [
      { address: s.source, port: s.sourcePort },
      { address: s.destination, port: s.destinationPort },
    ];
    const [client, server] = swapped ? [ends[1]!, ends[0]!] : [ends[0]!, ends[1]!];
    const stream = (direction: Direction): TcpStream =>
      new TcpStream({ data: (offset, bytes, at) => this.data(id, direction, offset, bytes, at, 0) });
    const c: Conversation = {
      id,
      key: keyOf(s),
      protocol: s.protocol,
      client: endpoint(client.address, client.port),
      up: stream(Direction.up),
      down: stream(Direction.down),
      connectedAt: 0,
      lastAt: packet.at,
      closed: false,
      datagramsUp: 0,
      datagramsDown: 0,
      comment,
    };
    this.conversations.set(c.key, c);
    const [source, destination] = comment?.inbound ? [server, client] : [client, server];
    this.frame({
      opened: {
        id,
        protocol: s.protocol === 'tcp' ? Protocol.tcp : Protocol.udp,
        process: comment && {
          pid: comment.pid,
          name: comment.process,
          path: comment.path,
          arguments: [],
          uid: 0,
          ancestors: [],
          signingId: '',
          teamId: '',
        },
        source,
        destination,
        host: comment?.host || (this.names.get(hex(server.address)) ?? ''),
        openedAt: packet.at,
        inbound: comment?.inbound ?? false,
        capture: '',
        bytesUp: 0,
        bytesDown: 0,
        connectedAt: 0,
        rule: '',
      },
    });
    return c;
  }

  private close(c: Conversation, at: number, reason: CloseReason): void {
    if (c.closed) return;
    c.closed = true;
    this.flush(c);
    // A capture that this program wrote knows why the flow ended; packets alone do not show everything.
    const known = c.comment
      ? CloseReasonNames.findIndex((n) => n.replace(/[A-Z]/g, (x) => ` ${x.toLowerCase()}`) === c.comment!.reason)
      : -1;
    const closed: FlowClosed = {
      id: c.id,
      reason: (known > 0 ? known : reason) as CloseReason,
      error: 0,
      errorText: '',
      closedAt: at,
      ...this.counts(c),
    };
    this.frame({ closed });
  }

  private flush(c: Conversation): void {
    for (const stream of [c.up, c.down]) {
      stream.flush();
      for (const key of Object.keys(this.total) as (keyof StreamCounts)[]) this.total[key] += stream.counts[key];
    }
  }

  private counts(c: Conversation): {
    bytesUp: number;
    bytesDown: number;
    connectedAt: number;
    datagramsUp: number;
    datagramsDown: number;
  } {
    return {
      bytesUp: c.up.next,
      bytesDown: c.down.next,
      connectedAt: c.connectedAt,
      datagramsUp: c.datagramsUp,
      datagramsDown: c.datagramsDown,
    };
  }

  private data(id: number, direction: Direction, offset: number, all: Uint8Array, at: number, length: number): void {
    if (offset >= this.bodyLimit) return;
    const bytes = offset + all.length > this.bodyLimit ? all.subarray(0, this.bodyLimit - offset) : all;
    this.frame({ data: { id, direction, offset, bytes, at, length } });
  }

  private frame(frame: Parameters<typeof ProxyFrame.encode>[0]): void {
    this.send(ProxyFrame.encode(frame).finish());
  }
}

const endpoint = (address: Uint8Array, port: number): string => `${hex(address)}:${port}`;
/** The same for both directions. */
function keyOf(s: Segment): string {
  const [a, b] = [endpoint(s.source, s.sourcePort), endpoint(s.destination, s.destinationPort)];
  return `${s.protocol} ${a < b ? `${a} ${b}` : `${b} ${a}`}`;
}

function resetReason(c: Conversation, direction: 'up' | 'down'): CloseReason {
  if (direction === 'up') return CloseReason.resetByClient;
  return c.connectedAt === 0 && c.down.next === 0 && c.up.next === 0 ? CloseReason.refused : CloseReason.resetByServer;
}
