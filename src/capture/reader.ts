// pcap and pcapng files, read as a stream of chunks (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
// Hostile input: every length is bounded before it is believed, and an error says where in the file it is.
import { utf8Text } from '../dissect/bytes.ts';

export interface CapturedPacket {
  /** Microseconds since 1970, at least 1: 0 means elsewhere that something did not happen. */
  readonly at: number;
  /** LINKTYPE_ value of the interface. */
  readonly linkType: number;
  /** A view of the file's piece: good until the sink returns. */
  readonly bytes: Uint8Array;
  /** Size on the wire; more than `bytes` where the capture was cut. */
  readonly length: number;
  readonly comments: readonly string[];
}

/** What else a capture says. */
export interface CaptureSink {
  packet(packet: CapturedPacket): void;
  /** From name resolution blocks. */
  name?(address: Uint8Array, name: string): void;
}

export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  /** Bytes from the start of the file. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

const maxBlock = 64 << 20;
const maxPacket = 16 << 20;
const maxInterfaces = 65_536;
const magic = { pcapng: 0x0a0d0d0a, byteOrder: 0x1a2b3c4d, micro: 0xa1b2c3d4, nano: 0xa1b23c4d } as const;
const block = { interface: 1, oldPacket: 2, simplePacket: 3, names: 4, packet: 6 } as const;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  /** Units of the timestamp in a second, and what is added to it in seconds. */
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
}

/** Push bytes as they come, then end(). Throws CaptureError; what was delivered before stays good. */
export class CaptureReader {
  private readonly sink: CaptureSink;
  /** Bytes [0, fill) are read and wait; the rest is room. */
  private buffer = new Uint8Array(0);
  private view = new DataView(this.buffer.buffer);
  private fill = 0;
  /** File offset of buffer[0]. */
  private offset = 0;
  private format: 'unknown' | 'pcap' | 'pcapng' = 'unknown';
  private little = true;
  private nano = false;
  private linkType = 0;
  private interfaces: Interface[] = [];
  /** Packets so far. */
  packets = 0;

  constructor(sink: CaptureSink) {
    this.sink = sink;
  }

  push(bytes: Uint8Array): void {
    this.reserve(this.fill + bytes.length);
    this.buffer.set(bytes, this.fill);
    this.fill += bytes.length;
    const start = this.offset;
    let at = 0;
    try {
      for (let used = this.step(at); used > 0; used = this.step(at)) {
        at += used;
        this.offset = start + at;
      }
    } finally {
      // Also where it ends with an error: nothing is read twice.
      this.buffer.copyWithin(0, at, this.fill);
      this.fill -= at;
    }
  }

  end(): void {
    if (this.format === 'unknown') throw new CaptureError('This is neither pcap nor pcapng', 0);
    if (this.fill > 0)
      throw new CaptureError(
        `The file ends in the middle of a ${this.format === 'pcap' ? 'packet' : 'block'}`,
        this.offset,
      );
  }

  private reserve(length: number): void {
    if (length <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.buffer.length));
    grown.set(this.buffer.subarray(0, this.fill));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Bytes used from `at`, or 0 while more are needed. */
  private step(at: number): number {
    if (this.format === 'unknown') return this.begin();
    return this.format === 'pcap' ? this.pcapRecord(at) : this.block(at);
  }

  private begin(): number {
    const { view, fill } = this;
    if (fill < 4) return 0;
    if (view.getUint32(0, true) === magic.pcapng) {
      this.format = 'pcapng';
      return this.block(0) || ((this.format = 'unknown'), 0);
    }
    for (const little of [true, false]) {
      const found = view.getUint32(0, little);
      if (found !== magic.micro && found !== magic.nano) continue;
      if (fill < 24) return 0;
      this.format = 'pcap';
      this.little = little;
      this.nano = found === magic.nano;
      this.linkType = view.getUint32(20, little) & 0x0fffffff;
      return 24;
    }
    throw new CaptureError('This is neither pcap nor pcapng', 0);
  }

  private pcapRecord(at: number): number {
    const { view, little } = this;
    if (this.fill - at < 16) return 0;
    const captured = view.getUint32(at + 8, little);
    if (captured > maxPacket)
      throw new CaptureError(`A packet claims ${captured} bytes, more than ${maxPacket}`, this.offset);
    if (this.fill - at < 16 + captured) return 0;
    const fraction = view.getUint32(at + 4, little);
    this.deliver(
      view.getUint32(at, little) * 1e6 + (this.nano ? Math.floor(fraction / 1000) : fraction),
      this.linkType,
      this.buffer.subarray(at + 16, at + 16 + captured),
      view.getUint32(at + 12, little),
      none,
    );
    return 16 + captured;
  }

  private block(at: number): number {
    const { view } = this;
    const left = this.fill - at;
    if (left < 12) return 0;
    const type = view.getUint32(at, this.little);
    if (type === magic.pcapng) {
      // A section header tells the byte order of what follows, its own length included.
      if (view.getUint32(at + 8, true) === magic.byteOrder) this.little = true;
      else if (view.getUint32(at + 8, false) === magic.byteOrder) this.little = false;
      else throw new CaptureError('A section header without its byte-order mark', this.offset);
    }
    const length = view.getUint32(at + 4, this.little);
    if (length < 12 || length % 4 !== 0 || length > maxBlock)
      throw new CaptureError(`A block of impossible length ${length}`, this.offset);
    if (left < length) return 0;
    if (view.getUint32(at + length - 4, this.little) !== length)
      throw new CaptureError("A block's two lengths differ", this.offset);
    this.body(type, new BlockReader(this.buffer, view, at + 8, at + length - 4, this.little));
    return length;
  }

  private body(type: number, b: BlockReader): void {
    switch (type) {
      case magic.pcapng:
        this.interfaces = [];
        break;
      case block.interface:
        if (this.interfaces.length >= maxInterfaces)
          throw new CaptureError(`More than ${maxInterfaces} interfaces`, this.offset);
        this.interfaces.push(readInterface(b));
        break;
      case block.packet:
      case block.oldPacket: {
        const id = type === block.packet ? b.u32(0) : b.u16(0);
        const captured = b.u32(12);
        const stamp = b.u32(4) * 2 ** 32 + b.u32(8);
        const bytes = b.bytes(20, captured);
        if (!b.failed) this.pcapngPacket(id, stamp, bytes, b.u32(16), b.options(20 + pad4(captured)));
        break;
      }
      case block.simplePacket: {
        const length = b.u32(0);
        const snap = this.interfaces[0]?.snapLength || Infinity;
        const bytes = b.bytes(4, Math.min(length, snap, b.size - 4));
        if (!b.failed) this.pcapngPacket(0, 0, bytes, length, noOptions);
        break;
      }
      case block.names:
        this.names(b);
        break;
      default: // other blocks say nothing of packets
    }
    if (b.failed) throw new CaptureError('A block is shorter than what it holds', this.offset);
  }

  private pcapngPacket(
    id: number,
    stamp: number,
    bytes: Uint8Array,
    length: number,
    options: ReadonlyMap<number, Uint8Array[]>,
  ): void {
    const from = this.interfaces[id];
    if (!from) throw new CaptureError(`A packet of interface ${id}, which was not described`, this.offset);
    // The division loses microseconds in 64-bit stamps; the usual resolution needs none.
    const usual = from.unitsPerSecond === 1e6 && from.offsetSeconds === 0;
    const at = usual ? stamp : Math.floor((stamp / from.unitsPerSecond + from.offsetSeconds) * 1e6);
    this.deliver(at, from.linkType, bytes, length, options.size > 0 ? (options.get(1) ?? []).map(utf8Text) : none);
  }

  private names(b: BlockReader): void {
    for (let at = 0; at + 4 <= b.size;) {
      const type = b.u16(at);
      const length = b.u16(at + 2);
      const size = type === 1 ? 4 : type === 2 ? 16 : 0;
      if (type === 0) return;
      const value = b.bytes(at + 4, length);
      if (size && value.length > size)
        this.sink.name?.(value.slice(0, size), utf8Text(value.subarray(size)).split('\0')[0]!);
      at += 4 + pad4(length);
    }
  }

  private deliver(at: number, linkType: number, bytes: Uint8Array, length: number, comments: readonly string[]): void {
    this.packets++;
    const time = at >= 1 ? Math.min(at, maxTime) : 1;
    this.sink.packet({ at: time, linkType, bytes, length: Math.max(length, bytes.length), comments });
  }
}

const none: readonly string[] = [];
const noOptions: ReadonlyMap<number, Uint8Array[]> = new Map();
/** A year beyond 2200: what is later is not a time. */
const maxTime = Number.MAX_SAFE_INTEGER;
const pad4 = (n: number): number => n + (-n & 3);

function readInterface(b: BlockReader): Interface {
  const options = b.options(8);
  const resolution = options.get(9)?.[0]?.[0] ?? 6;
  const exponent = resolution & 0x7f;
  const offset = options.get(14)?.[0];
  return {
    linkType: b.u16(0),
    snapLength: b.u32(4),
    unitsPerSecond: resolution & 0x80 ? 2 ** exponent : 10 ** exponent,
    offsetSeconds:
      offset?.length === 8 ? Number(new DataView(offset.buffer, offset.byteOffset, 8).getBigInt64(0, b.little)) : 0,
  };
}

/** A block's content. Past its end everything is 0 or empty, and `failed` is set. */
class BlockReader {
  readonly little: boolean;
  readonly size: number;
  failed = false;
  private readonly data: Uint8Array;
  private readonly view: DataView;
  private readonly start: number;
  /** Of `data`, bytes [start, end); `view` is one of the whole. */
  constructor(data: Uint8Array, view: DataView, start: number, end: number, little: boolean) {
    this.data = data;
    this.view = view;
    this.start = start;
    this.size = end - start;
    this.little = little;
  }
  u16(at: number): number {
    return this.has(at, 2) ? this.view.getUint16(this.start + at, this.little) : 0;
  }
  u32(at: number): number {
    return this.has(at, 4) ? this.view.getUint32(this.start + at, this.little) : 0;
  }
  /** A view. */
  bytes(at: number, length: number): Uint8Array {
    return this.has(at, length) ? this.data.subarray(this.start + at, this.start + at + length) : new Uint8Array(0);
  }
  /** Options from `at`; one that is cut off ends them. */
  options(at: number): ReadonlyMap<number, Uint8Array[]> {
    if (at + 4 > this.size) return noOptions;
    const found = new Map<number, Uint8Array[]>();
    for (let i = at; i + 4 <= this.size;) {
      const code = this.u16(i);
      const length = this.u16(i + 2);
      if (code === 0 || i + 4 + length > this.size) break;
      const values = found.get(code);
      if (values) values.push(this.bytes(i + 4, length));
      else found.set(code, [this.bytes(i + 4, length)]);
      i += 4 + pad4(length);
    }
    return found;
  }
  private has(at: number, length: number): boolean {
    if (at + length <= this.size) return true;
    this.failed = true;
    return false;
  }
}
