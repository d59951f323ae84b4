// One direction of a captured TCP connection put in order (RFC 9293): retransmissions, reordering, overlap and loss.

export interface StreamSink {
  /** Bytes in order; `offset` counts from the first payload byte. */
  data(offset: number, bytes: Uint8Array, at: number): void;
}
export interface StreamCounts {
  retransmitted: number;
  reordered: number;
  overlapping: number;
  /** Bytes that never came. */
  lost: number;
}

const maxHeld = 1 << 20;
const maxHeldSegments = 256;
/** a - b in sequence space. */
const distance = (a: number, b: number): number => (a - b) | 0;

interface Held {
  offset: number;
  bytes: Uint8Array;
  length: number;
  at: number;
}

export class TcpStream {
  readonly counts: StreamCounts = { retransmitted: 0, reordered: 0, overlapping: 0, lost: 0 };
  /** Stream offset of the next byte. */
  next = 0;
  finished = false;
  private readonly sink: StreamSink;
  private started = false;
  /** The sequence number of stream offset `next`. */
  private sequence = 0;
  private held: Held[] = [];
  private heldBytes = 0;

  constructor(sink: StreamSink) {
    this.sink = sink;
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
    if (ahead > 0) return this.hold({ offset: this.next + ahead, bytes, length, at });
    if (-ahead >= length) {
      this.counts.retransmitted++;
      return;
    }
    if (ahead < 0) this.counts.overlapping++;
    this.take(bytes.subarray(Math.min(bytes.length, -ahead)), length + ahead, at);
    this.release(false);
  }

  /** The other side acknowledged up to here: what is missing before it was sent, but not captured. */
  acknowledged(sequence: number): void {
    if (!this.started || this.held.length === 0) return;
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

  private hold(part: Held): void {
    this.counts.reordered++;
    const index = this.held.findIndex((h) => h.offset > part.offset);
    this.held.splice(index < 0 ? this.held.length : index, 0, part);
    this.heldBytes += part.bytes.length;
    while (this.heldBytes > maxHeld || this.held.length > maxHeldSegments) this.release(true);
  }

  /** Takes what follows on; `force` jumps over the hole before the first held segment. */
  private release(force: boolean): void {
    let jump = force;
    while (this.held.length > 0 && (jump || this.held[0]!.offset <= this.next)) {
      const part = this.held.shift()!;
      this.heldBytes -= part.bytes.length;
      const skip = this.next - part.offset;
      if (skip < 0) {
        this.counts.lost += -skip;
        this.next -= skip;
        this.sequence = (this.sequence - skip) >>> 0;
      }
      jump = false;
      const seen = Math.max(0, skip);
      if (seen >= part.length) this.counts.retransmitted++;
      else this.take(part.bytes.subarray(Math.min(part.bytes.length, seen)), part.length - seen, part.at);
    }
  }
}
