// A growing byte buffer for writers; little-endian, as this project's pcapng files are.

export class BytesOut {
  private buffer: Uint8Array;
  private view: DataView;
  length = 0;

  constructor(capacity = 64 * 1024) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }
  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }
  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value, true);
    this.length += 2;
  }
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value >>> 0, true);
    this.length += 4;
  }
  /** Network order. */
  be16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value & 0xffff, false);
    this.length += 2;
  }
  be32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value >>> 0, false);
    this.length += 4;
  }
  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }
  zeros(count: number): void {
    this.reserve(count);
    this.buffer.fill(0, this.length, this.length + count);
    this.length += count;
  }
  /** Zeros up to a multiple of 4. */
  align4(): void {
    this.zeros(-this.length & 3);
  }
  setU32(at: number, value: number): void {
    this.view.setUint32(at, value >>> 0, true);
  }
  setBe16(at: number, value: number): void {
    this.view.setUint16(at, value & 0xffff, false);
  }
  /** The Internet checksum's sum over [from, to) (RFC 1071), not folded. */
  sum(from: number, to: number): number {
    let sum = 0;
    let at = from;
    for (; at + 1 < to; at += 2) sum += (this.buffer[at]! << 8) | this.buffer[at + 1]!;
    return at < to ? sum + (this.buffer[at]! << 8) : sum;
  }
  /** A copy of what was written; the buffer is empty afterwards. */
  take(): Uint8Array {
    const out = this.buffer.slice(0, this.length);
    this.length = 0;
    return out;
  }
  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.length + count, 2 * this.buffer.length));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Folds a sum into the 16-bit one's complement checksum. */
export function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
