// Addresses as people write them.
import type { Endpoint } from './model.ts';

const hex = (bytes: Uint8Array, group: number): number => (bytes[group * 2]! << 8) | bytes[group * 2 + 1]!;

/** 4 or 16 bytes in network order; '' for anything else. IPv6 as in RFC 5952. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, i) => hex(bytes, i));
  // RFC 5952, section 5: the IPv4 part of a mapped address stays dotted.
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return `::ffff:${bytes.subarray(12).join('.')}`;
  const { at, length } = longestZeros(groups);
  const text = groups.map((g) => g.toString(16));
  if (length < 2) return text.join(':');
  return `${text.slice(0, at).join(':')}::${text.slice(at + length).join(':')}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  return best;
}

/** "198.51.100.7:443", "[2001:db8::1]:443". */
export const endpointText = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
