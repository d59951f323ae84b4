// From a captured packet's link layer to its TCP segment or UDP datagram.

export interface Segment {
  readonly protocol: 'tcp' | 'udp';
  /** The packet; the addresses are at these places in it, `addressSize` bytes each. */
  readonly bytes: Uint8Array;
  readonly source: number;
  readonly destination: number;
  readonly addressSize: 4 | 16;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TCP only. */
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** A view of the packet. */
  readonly payload: Uint8Array;
  /** The payload's real size; more than `payload` where the capture was cut. */
  readonly length: number;
}

/** Why a packet is no segment, for the count of what was passed over. */
export type Passed = 'link type' | 'not IP' | 'fragment' | 'other protocol' | 'cut off';

const etherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, qinq: 0x88a8 } as const;

/** Where the IP header begins, or undefined where the link type is not known; -1 where there is no IP packet. */
function ipOffset(linkType: number, b: Uint8Array): number | undefined {
  const u16 = (at: number): number => ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
  const isIp = (type: number): boolean => type === etherType.ipv4 || type === etherType.ipv6;
  switch (linkType) {
    case 0: // BSD loopback: the family, in the byte order of the machine
    case 108:
      return 4;
    case 1: {
      let at = 12;
      while (u16(at) === etherType.vlan || u16(at) === etherType.qinq) at += 4;
      return isIp(u16(at)) ? at + 2 : -1;
    }
    case 12:
    case 14:
    case 101: // raw IP
    case 228:
    case 229:
      return 0;
    case 113: // Linux "cooked"
      return isIp(u16(14)) ? 16 : -1;
    case 276:
      return isIp(u16(0)) ? 20 : -1;
    default:
      return undefined;
  }
}

/** `length`: the packet's size on the wire. */
export function decodePacket(linkType: number, b: Uint8Array, length: number): Segment | Passed {
  const at = ipOffset(linkType, b);
  if (at === undefined) return 'link type';
  if (at < 0 || b.length <= at) return 'not IP';
  const version = b[at]! >> 4;
  if (version === 4) return ipv4(b, at, length);
  return version === 6 ? ipv6(b, at, length) : 'not IP';
}

const u16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!;
const u32 = (b: Uint8Array, at: number): number => u16(b, at) * 0x10000 + u16(b, at + 2);

function ipv4(b: Uint8Array, at: number, wire: number): Segment | Passed {
  if (b.length < at + 20) return 'cut off';
  const header = (b[at]! & 15) * 4;
  // Length 0: left to the network card (segmentation offload).
  const total = u16(b, at + 2) || wire - at;
  if (header < 20 || total < header) return 'not IP';
  if (u16(b, at + 6) & 0x3fff) return 'fragment';
  return transport(b, at + header, b[at + 9]!, total - header, at + 12, 4);
}

function ipv6(b: Uint8Array, at: number, wire: number): Segment | Passed {
  if (b.length < at + 40) return 'cut off';
  const end = at + 40 + (u16(b, at + 4) || wire - at - 40);
  let next = b[at + 6]!;
  let i = at + 40;
  // Hop-by-hop, routing and destination options (RFC 8200 section 4).
  for (let n = 0; n < 8 && [0, 43, 60].includes(next); n++) {
    if (b.length < i + 2) return 'cut off';
    next = b[i]!;
    i += 8 + b[i + 1]! * 8;
  }
  if (next === 44) return 'fragment';
  return transport(b, i, next, end - i, at + 8, 16);
}

/** `source`: where that address begins; the destination's follows it. */
function transport(
  bytes: Uint8Array,
  at: number,
  protocol: number,
  size: number,
  source: number,
  addressSize: 4 | 16,
): Segment | Passed {
  const tcp = protocol === 6;
  if (!tcp && protocol !== 17) return 'other protocol';
  const least = tcp ? 20 : 8;
  if (bytes.length < at + least || size < least) return 'cut off';
  const header = tcp ? (bytes[at + 12]! >> 4) * 4 : 8;
  if (header < least || header > size) return 'cut off';
  const said = tcp ? 0 : u16(bytes, at + 4);
  const length = (said >= 8 ? Math.min(said, size) : size) - header;
  return {
    protocol: tcp ? 'tcp' : 'udp',
    bytes,
    source,
    destination: source + addressSize,
    addressSize,
    sourcePort: u16(bytes, at),
    destinationPort: u16(bytes, at + 2),
    sequence: tcp ? u32(bytes, at + 4) : 0,
    acknowledgement: tcp ? u32(bytes, at + 8) : 0,
    flags: tcp ? bytes[at + 13]! : 0,
    payload: bytes.subarray(at + header, Math.min(bytes.length, at + header + length)),
    length,
  };
}
