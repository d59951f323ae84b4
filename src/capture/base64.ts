// Bytes as base64 (RFC 4648 section 4). Bodies are much of a HAR, so no string is made for each character.
import { latin1Text } from '../dissect/bytes.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The two characters of every 12 bits. */
const pairs = Uint8Array.from({ length: 8192 }, (_, i) => alphabet.charCodeAt(i & 1 ? (i >> 1) & 63 : i >> 7));

export function base64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  const whole = bytes.length - (bytes.length % 3);
  let to = 0;
  for (let i = 0; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    const [high, low] = [(bits >> 12) << 1, (bits & 4095) << 1];
    out[to] = pairs[high]!;
    out[to + 1] = pairs[high + 1]!;
    out[to + 2] = pairs[low]!;
    out[to + 3] = pairs[low + 1]!;
    to += 4;
  }
  const left = bytes.length - whole;
  if (left > 0) {
    const bits = (bytes[whole]! << 16) | ((bytes[whole + 1] ?? 0) << 8);
    const high = (bits >> 12) << 1;
    out[to] = pairs[high]!;
    out[to + 1] = pairs[high + 1]!;
    out[to + 2] = left === 2 ? pairs[(bits & 4095) << 1]! : 0x3d; // '='
    out[to + 3] = 0x3d;
  }
  return latin1Text(out);
}
