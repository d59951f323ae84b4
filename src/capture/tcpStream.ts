// One direction of a captured TCP connection put in order (RFC 9293): retransmissions, reordering, overlap and loss.
import type { FlowSegments } from '../flow/model.ts';

export interface StreamSink {
  /** Bytes in order; `offset` counts from the first payload byte. Good until it returns. */
  data(offset: number, bytes: Uint8Array, at: number): void;
}
export type StreamCounts = { -readonly [K in keyof FlowSegments]: FlowSegments[K] };
export const noCounts = (): StreamCounts => ({ retransmitted: 0, reordered: 0, overlapping: 0, lost: 0 });

/** What all streams together hold back, so that no capture fills the memory with what never fits. */
export class HeldBudget {
  bytes = 0;
  readonly limit: number;
  constructor(limit = 64 << 20) {
    this.limit = limit;
  }
}

const maxHeld = 1 << 20;
const maxHeldSegments = 256;
/** What an entry costs besides its bytes. */
const heldOverhead = 200;
/** a - b in sequence space. */
const distance = (a: number, b: number): number => (a - b) | 0;

interface Held {
  offset: number;
  bytes: Uint8Array;
  length: number;
  at: number;
}

export class TcpStream {
  readonly counts = noCounts();
  /** Stream offset of the next byte. */
  next = 0;
  finished = false;
  private readonly sink: StreamSink;
  private readonly budget: HeldBudget;
  private readonly wanted: number;
  private started = false;
  /** The sequence number of stream offset `next`. */
  private sequence = 0;
  private readonly held: Held[] = [];
  private heldBytes = 0;

  /** Of bytes from offset `wanted` on only the count matters. */
  constructor(sink: StreamSink, budget: HeldBudget, wanted: number) {
    this.sink = sink;
    this.budget = budget;
    this.wanted = wanted;
  }

  /** The initial sequence number, from a SYN. */
  synchronise(sequence: number): void {
    if (this.started) return;
    this.started = true;
    this.sequence = (sequence + 1) >>> 0;
  }

  /** A capture may begin in the middle: the first segment seen then begins the stream. */
  segment(sequence: number, bytes: Uint8Array, length: number, at: number): void {
    if (length === 0) return;
    if (!this.started) {
      this.started = true;
      this.sequence = sequence;
    }
    const ahead = distance(sequence, this.sequence);
    if (ahead > 0) return this.hold(this.next + ahead, bytes, length, at);
    if (-ahead >= length) {
      this.counts.retransmitted++;
      return;
    }
    if (ahead < 0) this.counts.overlapping++;
    // What is held came earlier and belongs behind it.
    if (this.held.length > 0) this.counts.reordered++;
    this.take(ahead < 0 ? bytes.subarray(Math.min(bytes.length, -ahead)) : bytes, length + ahead, at);
    if (this.held.length > 0) this.release(false);
  }

  /** The other side acknowledged up to here: what is missing before it was sent, but not captured. */
  acknowledged(sequence: number): void {
    if (!this.started) return;
    while (this.held.length > 0 && distance(sequence, this.sequence) > 0) {
      const first = this.held[0]!;
      if (distance(sequence, (this.sequence + (first.offset - this.next)) >>> 0) < 0) return;
      this.release(true);
    }
  }

  /** Everything that is still held comes out, with the holes before it as loss. */
  flush(): void {
    while (this.held.length > 0) this.release(true);
  }

  private take(bytes: Uint8Array, length: number, at: number): void {
    if (bytes.length > 0) this.sink.data(this.next, bytes, at);
    this.next += length;
    this.sequence = (this.sequence + length) >>> 0;
  }

  private hold(offset: number, view: Uint8Array, length: number, at: number): void {
    const bytes = view.slice(0, Math.max(0, this.wanted - offset));
    let index = this.held.length;
    while (index > 0 && this.held[index - 1]!.offset > offset) index--;
    this.held.splice(index, 0, { offset, bytes, length, at });
    this.count(bytes.length + heldOverhead);
    while (this.heldBytes > maxHeld || this.held.length > maxHeldSegments) this.release(true);
    // Whoever asks for too much gives way, not those that wait already.
    while (this.budget.bytes > this.budget.limit && this.held.length > 0) this.release(true);
  }

  private count(bytes: number): void {
    this.heldBytes += bytes;
    this.budget.bytes += bytes;
  }

  /** Takes what follows on; `force` jumps over the hole before the first held segment. */
  private release(force: boolean): void {
    let jump = force;
    while (this.held.length > 0 && (jump || this.held[0]!.offset <= this.next)) {
      const part = this.held.shift()!;
      this.count(-part.bytes.length - heldOverhead);
      const skip = this.next - part.offset;
      if (skip < 0) {
        this.counts.lost += -skip;
        this.next -= skip;
        this.sequence = (this.sequence - skip) >>> 0;
      }
      jump = false;
      const seen = Math.max(0, skip);
      if (seen >= part.length) this.counts.retransmitted++;
      else {
        if (seen > 0) this.counts.overlapping++;
        this.take(part.bytes.subarray(Math.min(part.bytes.length, seen)), part.length - seen, part.at);
      }
    }
  }
}
