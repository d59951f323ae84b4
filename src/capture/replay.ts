// A capture's packets as the frames of a proxy, so that a file fills the same store, table and detail as live flows.
import { CloseReason, CloseReasonNames, Protocol, ProxyFrame, type FlowClosed } from '../../gen/flow_pb.ts';
import { hex } from '../dissect/bytes.ts';
import { parseComment, type FlowComment } from './comment.ts';
import { Conversations, directionOf, type Listed } from './conversations.ts';
import { decodePacket, type Passed, type Segment } from './decodePacket.ts';
import { TcpFlag } from './packets.ts';
import type { CaptureSink, CapturedPacket } from './reader.ts';
import { HeldBudget, TcpStream, noCounts, type StreamCounts } from './tcpStream.ts';

/** Conversations that are under way at once; beyond it the longest silent one ends. */
const maxConversations = 100_000;
/** A UDP conversation ends after this silence. Microseconds. */
const udpIdle = 120e6;

interface Conversation extends Listed {
  readonly id: number;
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

/** Where it goes: a flow store, as a proxy's frames would. Payload, of which there is most, goes beside the frames. */
export interface ReplaySink {
  frame(frame: Uint8Array): void;
  /** The bytes are good until it returns. `length`: of a datagram that was cut, more than `bytes`. */
  payload(id: number, direction: 'up' | 'down', offset: number, bytes: Uint8Array, at: number, length: number): void;
  /** Of both directions; before the flow's end. Only where there is something to tell. */
  segments(id: number, counts: Readonly<StreamCounts>): void;
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

/** Feed with a CaptureReader, then finish(). */
export class Replay implements CaptureSink {
  private readonly sink: ReplaySink;
  private readonly conversations = new Conversations<Conversation>();
  private readonly held = new HeldBudget();
  private readonly names = new Map<string, string>();
  private readonly passed: Partial<Record<Passed, number>> = {};
  private readonly total = noCounts();
  private flows = 0;
  private packets = 0;
  private lastAt = 0;
  private readonly bodyLimit: number;

  /** Payload behind the first `bodyLimit` bytes of a direction is only counted. */
  constructor(sink: ReplaySink, bodyLimit = Infinity) {
    this.sink = sink;
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
    for (const c of this.conversations) {
      if (c.closed) continue;
      this.flush(c);
      this.frame({ counters: { id: c.id, ...this.counts(c), eofUp: c.up.finished, eofDown: c.down.finished } });
      c.closed = true;
    }
    return { packets: this.packets, flows: this.flows, lastAt: this.lastAt, streams: this.total, passed: this.passed };
  }

  private tcp(s: Segment, packet: CapturedPacket): void {
    const syn = (s.flags & TcpFlag.syn) !== 0;
    const ack = (s.flags & TcpFlag.ack) !== 0;
    let c = this.conversations.find(s);
    if (c?.closed && !syn) return;
    // The same ports again: a new connection.
    const used = c !== undefined && (c.closed || c.up.next > 0 || c.connectedAt > 0);
    if (c && used && syn && !ack) {
      this.close(c, packet.at, CloseReason.unspecified);
      this.conversations.remove(c);
      c = undefined;
    }
    c ??= this.open(s, packet, syn && ack);
    const direction = directionOf(c, s)!;
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
    let c = this.conversations.find(s);
    if (c && packet.at - c.lastAt > udpIdle) {
      this.close(c, c.lastAt, CloseReason.idle);
      this.conversations.remove(c);
      c = undefined;
    }
    c ??= this.open(s, packet, false);
    c.lastAt = packet.at;
    const direction = directionOf(c, s)!;
    const stream = c[direction];
    if (direction === 'up') c.datagramsUp++;
    else c.datagramsDown++;
    if (direction === 'down' && c.connectedAt === 0) c.connectedAt = packet.at;
    this.data(c.id, direction, stream.next, s.payload, packet.at, s.length);
    stream.next += s.length;
  }

  private open(s: Segment, packet: CapturedPacket, fromServer: boolean): Conversation {
    if (this.conversations.size >= maxConversations) {
      const oldest = this.conversations.first!;
      this.close(oldest, oldest.lastAt, CloseReason.unspecified);
      this.conversations.remove(oldest);
    }
    const id = ++this.flows;
    const comment = packet.comments.map(parseComment).find((c) => c !== undefined);
    // Without a handshake the lower port is the server's, as servers mostly are.
    const swapped =
      fromServer || (s.protocol === 'tcp' && !(s.flags & TcpFlag.syn) && s.sourcePort < s.destinationPort);
    const ends = [
      { address: s.bytes.slice(s.source, s.source + s.addressSize), port: s.sourcePort },
      { address: s.bytes.slice(s.destination, s.destination + s.addressSize), port: s.destinationPort },
    ];
    const [client, server] = swapped ? [ends[1]!, ends[0]!] : [ends[0]!, ends[1]!];
    const stream = (direction: 'up' | 'down'): TcpStream =>
      new TcpStream(
        { data: (offset, bytes, at) => this.data(id, direction, offset, bytes, at, 0) },
        this.held,
        this.bodyLimit,
      );
    const c: Conversation = {
      id,
      hash: 0,
      protocol: s.protocol,
      client,
      server,
      up: stream('up'),
      down: stream('down'),
      connectedAt: 0,
      lastAt: packet.at,
      closed: false,
      datagramsUp: 0,
      datagramsDown: 0,
      comment,
    };
    this.conversations.add(c, s);
    const [source, destination] = comment?.inbound ? [server, client] : [client, server];
    this.frame({
      opened: {
        id,
        protocol: s.protocol === 'tcp' ? Protocol.tcp : Protocol.udp,
        process: comment && {
          pid: comment.pid,
          name: comment.process,
          path: comment.path,
          arguments: comment.command ? [comment.command] : [],
          uid: 0,
          ancestors: [],
          signingId: '',
          teamId: '',
        },
        source,
        destination,
        // What this program wrote tells the name of each flow; one that it had none for gets none of the address either.
        host: comment?.host ?? this.names.get(hex(server.address)) ?? '',
        openedAt: packet.at,
        inbound: comment?.inbound ?? false,
        capture: '',
        bytesUp: 0,
        bytesDown: 0,
        connectedAt: 0,
        rule: comment?.rule ?? '',
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
      errorText: c.comment?.errorText ?? '',
      closedAt: at,
      ...this.counts(c),
    };
    this.frame({ closed });
  }

  private flush(c: Conversation): void {
    const counts = noCounts();
    for (const stream of [c.up, c.down]) {
      stream.flush();
      for (const key of countKeys) counts[key] += stream.counts[key];
    }
    for (const key of countKeys) this.total[key] += counts[key];
    if (countKeys.some((key) => counts[key] > 0)) this.sink.segments(c.id, counts);
  }

  private counts(c: Conversation) {
    return {
      bytesUp: c.up.next,
      bytesDown: c.down.next,
      connectedAt: c.connectedAt,
      datagramsUp: c.datagramsUp,
      datagramsDown: c.datagramsDown,
      ...noLoss,
    };
  }

  private data(
    id: number,
    direction: 'up' | 'down',
    offset: number,
    all: Uint8Array,
    at: number,
    length: number,
  ): void {
    if (offset >= this.bodyLimit) return;
    const bytes = offset + all.length > this.bodyLimit ? all.subarray(0, this.bodyLimit - offset) : all;
    this.sink.payload(id, direction, offset, bytes, at, length);
  }

  private frame(frame: Parameters<typeof ProxyFrame.encode>[0]): void {
    this.sink.frame(ProxyFrame.encode(frame).finish());
  }
}

const countKeys = Object.keys(noCounts()) as (keyof StreamCounts)[];
/** What a rule let through nowhere: of a capture nothing is known of it. */
const noLoss = { lostDatagramsUp: 0, lostDatagramsDown: 0, lostBytesUp: 0, lostBytesDown: 0 };

function resetReason(c: Conversation, direction: 'up' | 'down'): CloseReason {
  if (direction === 'up') return CloseReason.resetByClient;
  return c.connectedAt === 0 && c.down.next === 0 && c.up.next === 0 ? CloseReason.refused : CloseReason.resetByServer;
}
