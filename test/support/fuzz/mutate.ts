// Inputs for fuzzing: what is kept, changed by chance. The same seed gives the same inputs.
import { numbers } from '../damaged-plists.ts';

export type Random = (below: number) => number;

const maxInput = 64 * 1024;
const telling = [0, 1, 2, 4, 5, 7, 9, 10, 13, 16, 20, 22, 32, 47, 58, 64, 65, 127, 128, 129, 192, 224, 254, 255];
const telling32 = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]; // prettier-ignore

/** The input of one case: which one it is follows from the seed and its number alone. */
export function inputOf(seeds: readonly Uint8Array[], seed: number, number: number): Uint8Array {
  const random = numbers(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca77));
  for (let i = 0; i < 8; i++) random(2); // neighbouring seeds begin alike
  if (random(10) === 0 || seeds.length === 0) return Uint8Array.from({ length: random(600) }, () => random(256));
  let bytes = seeds[random(seeds.length)]!.slice(0, maxInput);
  for (let n = 1 + random(6); n > 0; n--) bytes = changed(bytes, seeds, random).slice(0, maxInput);
  return bytes;
}

function changed(bytes: Uint8Array, seeds: readonly Uint8Array[], random: Random): Uint8Array {
  // Headers are at the beginning: what is there is changed more often.
  const at = random(random(2) ? bytes.length + 1 : Math.min(bytes.length + 1, 64));
  const length = Math.min(bytes.length - at, 1 + random(random(2) ? 8 : 400));
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random(10)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = telling[random(telling.length)]!;
      return bytes;
    case 2:
      if (at + 2 <= bytes.length) view.setUint16(at, telling32[random(telling32.length)]! & 0xffff, random(2) === 0);
      return bytes;
    case 3:
      if (at + 4 <= bytes.length) view.setUint32(at, telling32[random(telling32.length)]!, random(2) === 0);
      return bytes;
    case 4:
      return Buffer.concat([before, after]);
    case 5:
      return Buffer.concat([before, piece, ...Array.from({ length: 1 + random(random(20) ? 4 : 200) }, () => piece), after]); // prettier-ignore
    case 6:
      return Buffer.concat([before, Uint8Array.from({ length: random(40) }, () => random(256)), piece, after]);
    case 7:
      return before;
    case 8: {
      const other = seeds[random(seeds.length)]!;
      const from = random(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random(2000)), random(2) ? piece : [], after].map((b) => Uint8Array.from(b))); // prettier-ignore
    }
    default:
      return Buffer.concat([before, after.subarray(0, random(after.length + 1)), piece, after]);
  }
}
