// HPACK header decompression (RFC 7541). Bounded: the table by the size the peer allowed, a header list by maxListBytes.
import { Reader, latin1Text } from './bytes.ts';
import type { HeaderField } from './dissection.ts';

const maxListBytes = 256 * 1024;
const maxTableBytes = 1 << 20;
const entryOverhead = 32; // RFC 7541 section 4.1

// RFC 7541 appendix A. An entry without a value has the empty one.
const staticTable: readonly HeaderField[] = [
  ':authority',
  ':method=GET',
  ':method=POST',
  ':path=/',
  ':path=/index.html',
  ':scheme=http',
  ':scheme=https',
  ':status=200',
  ':status=204',
  ':status=206',
  ':status=304',
  ':status=400',
  ':status=404',
  ':status=500',
  'accept-charset',
  'accept-encoding=gzip, deflate',
  'accept-language',
  'accept-ranges',
  'accept',
  'access-control-allow-origin',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'refresh',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
].map((entry) => {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
});

// RFC 7541 appendix B: the code is canonical, so the lengths of the 257 symbols say everything.
const lengths: readonly number[] = [
  [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28,
  ],
  [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  [
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22,
    23, 23, 24,
  ],
  [
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23,
    22, 22, 23,
  ],
  [
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27,
  ],
  [
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26,
  ],
  [30],
].flat();

/** Canonical decoding: per length, the first code, and the symbols in order. */
const huffman = (() => {
  const symbols = lengths
    .map((length, symbol) => ({ length, symbol }))
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const byLength = Array.from({ length: 31 }, () => ({ first: 0, start: 0, count: 0 }));
  let code = 0;
  let at = 0;
  for (let length = 1; length <= 30; length++) {
    const count = symbols.filter((s) => s.length === length).length;
    byLength[length] = { first: code, start: at, count };
    at += count;
    code = (code + count) * 2;
  }
  return { byLength, order: symbols.map((s) => s.symbol) };
})();

/** Undefined where the padding or a code is wrong (RFC 7541 section 5.2). */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(Math.floor((bytes.length * 8) / 5));
  let n = 0;
  let code = 0;
  let length = 0;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      if (++length > 30) return undefined;
      const row = huffman.byLength[length]!;
      const index = code - row.first;
      if (index < 0 || index >= row.count) continue;
      const symbol = huffman.order[row.start + index]!;
      if (symbol === 256) return undefined;
      out[n++] = symbol;
      code = length = 0;
    }
  const paddedWithOnes = length < 8 && code === (1 << length) - 1;
  return paddedWithOnes ? out.subarray(0, n) : undefined;
}

/** The decompression state of one direction. */
export class HpackDecoder {
  /** Newest last; entries before `oldest` are gone. */
  private dynamic: HeaderField[] = [];
  private oldest = 0;
  private size = 0;
  private limit = 4096;
  private allowed = 4096;

  /** SETTINGS_HEADER_TABLE_SIZE of the side that decodes. */
  allow(bytes: number): void {
    this.allowed = Math.min(bytes, maxTableBytes);
  }

  /** The header list of one complete block, or undefined where it is malformed: the direction cannot be read further. */
  decode(block: Uint8Array): HeaderField[] | undefined {
    const r = new Reader(block);
    const list: HeaderField[] = [];
    let bytes = 0;
    while (r.left > 0) {
      const first = r.bytes[r.at]!;
      let field: HeaderField | undefined;
      if (first & 0x80) field = this.entry(integer(r, 7));
      else if (first & 0x40) {
        field = this.literal(r, 6);
        if (field) this.add(field);
      } else if (first & 0x20) {
        const size = integer(r, 5);
        if (r.failed || size > this.allowed) return undefined;
        this.resize(size);
        continue;
      } else field = this.literal(r, 4);
      if (!field || r.failed) return undefined;
      bytes += field[0].length + field[1].length + entryOverhead;
      if (bytes > maxListBytes) return undefined;
      list.push(field);
    }
    return list;
  }

  private entry(index: number): HeaderField | undefined {
    return index <= staticTable.length ? staticTable[index - 1] : this.newest(index - staticTable.length - 1);
  }
  private newest(age: number): HeaderField | undefined {
    const at = this.dynamic.length - 1 - age;
    return at >= this.oldest ? this.dynamic[at] : undefined;
  }
  private literal(r: Reader, prefix: number): HeaderField | undefined {
    const index = integer(r, prefix);
    const name = index === 0 ? text(r) : this.entry(index)?.[0];
    const value = text(r);
    return name === undefined || value === undefined ? undefined : [name, value];
  }
  private add(field: HeaderField): void {
    this.dynamic.push(field);
    this.size += sizeOf(field);
    this.resize(this.limit);
  }
  private resize(limit: number): void {
    this.limit = limit;
    while (this.size > limit) this.size -= sizeOf(this.dynamic[this.oldest++]!);
    // Moved together only now and then: an entry costs the same however many there are.
    if (this.oldest * 2 > this.dynamic.length) {
      this.dynamic = this.dynamic.slice(this.oldest);
      this.oldest = 0;
    }
  }
}

const sizeOf = ([name, value]: HeaderField): number => name.length + value.length + entryOverhead;

/** RFC 7541 section 5.1; at most 32 bits, as no length or index here can be larger. */
function integer(r: Reader, prefix: number): number {
  const mask = (1 << prefix) - 1;
  let value = r.u8() & mask;
  if (value < mask) return value;
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = r.u8();
    value += (byte & 0x7f) * 2 ** shift;
    if (!(byte & 0x80)) return value;
  }
  r.failed = true;
  return 0;
}

function text(r: Reader): string | undefined {
  if (r.left === 0) return undefined;
  const coded = (r.bytes[r.at]! & 0x80) !== 0;
  const raw = r.take(integer(r, 7));
  if (r.failed) return undefined;
  const bytes = coded ? decodeHuffman(raw) : raw;
  return bytes && latin1Text(bytes);
}
