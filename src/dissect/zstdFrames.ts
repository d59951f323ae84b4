// The frame headers of Zstandard data (RFC 8878 section 3.1), for what a decoder in JavaScript would spend on them.
import { Reader } from './bytes.ts';

/** RFC 9659: a content coding uses no larger window. */
export const maxZstdWindow = 8 << 20;
/** Bytes that are moved: fzstd moves the whole window for every block, an empty one too. */
const maxMoved = 2 ** 32;
const magic = 0xfd2fb528;

/** Throws where the decoder would need too much. What is damaged is the decoder's to tell. */
export function checkZstdCost(bytes: Uint8Array): void {
  const r = new Reader(bytes);
  let moved = 0;
  while (r.left >= 4) {
    const kind = little(r, 4);
    if (kind >>> 4 === 0x184d2a5) {
      r.skip(little(r, 4)); // a skippable frame
      continue;
    }
    if (kind !== magic) return;
    const flags = r.u8();
    const window = windowSize(r, flags);
    if (r.failed) return;
    if (window > maxZstdWindow) throw new Error(`its window of ${window} bytes is over the limit of ${maxZstdWindow}`);
    for (let last = false; !last && !r.failed;) {
      const block = little(r, 3);
      last = (block & 1) !== 0;
      r.skip(((block >> 1) & 3) === 1 ? 1 : block >> 3); // a run holds one byte
      if ((moved += window) > maxMoved) throw new Error('it has too many blocks for its window');
    }
    if (flags & 4) r.skip(4); // checksum
  }
}

function windowSize(r: Reader, flags: number): number {
  const single = (flags & 0x20) !== 0;
  const descriptor = single ? 0 : r.u8();
  r.skip([0, 1, 2, 4][flags & 3]!); // dictionary
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const contentSize = little(r, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const base = 2 ** (10 + (descriptor >> 3));
  return single ? contentSize : base + (base / 8) * (descriptor & 7);
}

function little(r: Reader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += r.u8() * 256 ** i;
  return value;
}
