// Reads the frames that come by the thousand out of the wire's bytes into records that are used again and again:
// no object per event. Everything is bounded by the reader's end; what does not parse throws.
// A tag is a field's number in proto/flow.proto times 8, plus 2 where the field has a length; a test reads random
// messages both by these functions and by the generated ones.
import type { Reader } from '../../gen/flow_pb.ts';

/** Bytes [start, end) of the frame's buffer. */
interface Range {
  start: number;
  end: number;
}
const range = (): Range => ({ start: 0, end: 0 });

/** Parts that are interned stay ranges of the buffer. */
export interface Opened {
  id: number;
  protocol: number;
  readonly process: Range;
  readonly sourceAddress: Range;
  sourcePort: number;
  readonly destinationAddress: Range;
  destinationPort: number;
  readonly host: Range;
  openedAt: number;
  inbound: boolean;
  readonly capture: Range;
  bytesUp: number;
  bytesDown: number;
  connectedAt: number;
  readonly rule: Range;
}
export interface Data {
  id: number;
  direction: number;
  offset: number;
  readonly bytes: Range;
  at: number;
  length: number;
}
/** FlowCounters, and FlowClosed where `reason` and what follows it count too. */
export interface Counters {
  id: number;
  bytesUp: number;
  bytesDown: number;
  connectedAt: number;
  datagramsUp: number;
  datagramsDown: number;
  lostDatagramsUp: number;
  lostDatagramsDown: number;
  lostBytesUp: number;
  lostBytesDown: number;
  reason: number;
  error: number;
  readonly errorText: Range;
  closedAt: number;
}

export const makeOpened = (): Opened => ({
  id: 0,
  protocol: 0,
  process: range(),
  sourceAddress: range(),
  sourcePort: 0,
  destinationAddress: range(),
  destinationPort: 0,
  host: range(),
  openedAt: 0.5, // a fraction makes the engine keep the field as a double from the start
  inbound: false,
  capture: range(),
  bytesUp: 0.5,
  bytesDown: 0.5,
  connectedAt: 0.5,
  rule: range(),
});
export const makeData = (): Data => ({ id: 0, direction: 0, offset: 0.5, bytes: range(), at: 0.5, length: 0 });
export const makeCounters = (): Counters => ({
  id: 0,
  bytesUp: 0.5,
  bytesDown: 0.5,
  connectedAt: 0.5,
  datagramsUp: 0.5,
  datagramsDown: 0.5,
  lostDatagramsUp: 0.5,
  lostDatagramsDown: 0.5,
  lostBytesUp: 0.5,
  lostBytesDown: 0.5,
  reason: 0,
  error: 0,
  errorText: range(),
  closedAt: 0.5,
});

/** The end of a length-delimited field that begins at the reader's position. */
export function delimited(r: Reader, limit: number): number {
  const length = r.uint32();
  if (length > limit - r.pos) throw new RangeError(`a field of ${length} bytes runs past its message`);
  return r.pos + length;
}

function take(r: Reader, limit: number, into: Range): void {
  into.end = delimited(r, limit);
  into.start = r.pos;
  r.pos = into.end;
}

function clear(into: Range): void {
  into.start = into.end = 0;
}

/** A 64-bit varint as a number, without an object in between; exact below 2^53. */
export function uint53(r: Reader): number {
  const buf = r.buf;
  let low = 0;
  let pos = r.pos;
  const limit = r.len;
  for (let shift = 0; shift < 28; shift += 7) {
    if (pos >= limit) throw new RangeError('a number is cut off');
    const b = buf[pos++]!;
    low |= (b & 127) << shift;
    if (b < 128) {
      r.pos = pos;
      return low;
    }
  }
  let high = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (pos >= limit) throw new RangeError('a number is cut off');
    const b = buf[pos++]!;
    high |= (b & 127) << shift;
    if (b < 128) {
      r.pos = pos;
      return high * 0x10000000 + low;
    }
  }
  let top = 0;
  for (let shift = 0; shift < 14; shift += 7) {
    if (pos >= limit) throw new RangeError('a number is cut off');
    const b = buf[pos++]!;
    top |= (b & 127) << shift;
    if (b < 128) {
      r.pos = pos;
      return top * 0x100000000000000 + high * 0x10000000 + low;
    }
  }
  throw new RangeError('a number has more than 10 bytes');
}

export function skip(r: Reader, tag: number, limit: number): void {
  if (tag >>> 3 === 0) throw new RangeError('field number 0');
  r.skipType(tag & 7);
  if (r.pos > limit) throw new RangeError('a field runs past its message');
}

/** Inner messages end where they say: a number that begins inside must end inside. */
function ended(r: Reader, end: number, name: string): void {
  if (r.pos !== end) throw new RangeError(`${name} runs past its end`);
}

/** Returns the port. */
function readEndpoint(r: Reader, end: number, address: Range): number {
  let port = 0;
  clear(address);
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 10) take(r, end, address);
    else if (tag === 16) port = r.uint32();
    else skip(r, tag, end);
  }
  ended(r, end, 'Endpoint');
  return port;
}

export function readOpened(r: Reader, end: number, into: Opened): void {
  into.id = into.protocol = into.sourcePort = into.destinationPort = 0;
  into.openedAt = into.bytesUp = into.bytesDown = into.connectedAt = 0;
  into.inbound = false;
  clear(into.process);
  clear(into.sourceAddress);
  clear(into.destinationAddress);
  clear(into.host);
  clear(into.capture);
  clear(into.rule);
  while (r.pos < end) {
    const tag = r.uint32();
    // prettier-ignore
    switch (tag) {
      case 8: into.id = r.uint32(); break;
      case 16: into.protocol = r.uint32(); break;
      case 26: take(r, end, into.process); break;
      case 34: into.sourcePort = readEndpoint(r, delimited(r, end), into.sourceAddress); break;
      case 42: into.destinationPort = readEndpoint(r, delimited(r, end), into.destinationAddress); break;
      case 50: take(r, end, into.host); break;
      case 56: into.openedAt = uint53(r); break;
      case 64: into.inbound = r.bool(); break;
      case 74: take(r, end, into.capture); break;
      case 80: into.bytesUp = uint53(r); break;
      case 88: into.bytesDown = uint53(r); break;
      case 96: into.connectedAt = uint53(r); break;
      case 106: take(r, end, into.rule); break;
      default: skip(r, tag, end);
    }
  }
  ended(r, end, 'FlowOpened');
}

export function readData(r: Reader, end: number, into: Data): void {
  into.id = into.direction = into.length = 0;
  into.offset = into.at = 0;
  clear(into.bytes);
  while (r.pos < end) {
    const tag = r.uint32();
    // prettier-ignore
    switch (tag) {
      case 8: into.id = r.uint32(); break;
      case 16: into.direction = r.uint32(); break;
      case 24: into.offset = uint53(r); break;
      case 34: take(r, end, into.bytes); break;
      case 40: into.at = uint53(r); break;
      case 48: into.length = r.uint32(); break;
      default: skip(r, tag, end);
    }
  }
  ended(r, end, 'FlowData');
}

function readLost(r: Reader, end: number, into: Counters): void {
  while (r.pos < end) {
    const tag = r.uint32();
    // prettier-ignore
    switch (tag) {
      case 8: into.lostDatagramsUp = uint53(r); break;
      case 16: into.lostDatagramsDown = uint53(r); break;
      case 24: into.lostBytesUp = uint53(r); break;
      case 32: into.lostBytesDown = uint53(r); break;
      default: skip(r, tag, end);
    }
  }
  ended(r, end, 'Lost');
}

export function readCounters(r: Reader, end: number, into: Counters): void {
  reset(into);
  while (r.pos < end) {
    const tag = r.uint32();
    // prettier-ignore
    switch (tag) {
      case 8: into.id = r.uint32(); break;
      case 16: into.bytesUp = uint53(r); break;
      case 24: into.bytesDown = uint53(r); break;
      case 32: into.connectedAt = uint53(r); break;
      case 56: into.datagramsUp = uint53(r); break;
      case 64: into.datagramsDown = uint53(r); break;
      case 74: readLost(r, delimited(r, end), into); break;
      default: skip(r, tag, end);
    }
  }
  ended(r, end, 'FlowCounters');
}

export function readClosed(r: Reader, end: number, into: Counters): void {
  reset(into);
  while (r.pos < end) {
    const tag = r.uint32();
    // prettier-ignore
    switch (tag) {
      case 8: into.id = r.uint32(); break;
      case 16: into.reason = r.uint32(); break;
      case 24: into.error = r.int32(); break;
      case 34: take(r, end, into.errorText); break;
      case 40: into.closedAt = uint53(r); break;
      case 48: into.bytesUp = uint53(r); break;
      case 56: into.bytesDown = uint53(r); break;
      case 64: into.connectedAt = uint53(r); break;
      case 72: into.datagramsUp = uint53(r); break;
      case 80: into.datagramsDown = uint53(r); break;
      case 90: readLost(r, delimited(r, end), into); break;
      default: skip(r, tag, end);
    }
  }
  ended(r, end, 'FlowClosed');
}

function reset(into: Counters): void {
  into.id = into.reason = into.error = 0;
  into.bytesUp = into.bytesDown = into.connectedAt = into.closedAt = 0;
  into.datagramsUp = into.datagramsDown = 0;
  into.lostDatagramsUp = into.lostDatagramsDown = into.lostBytesUp = into.lostBytesDown = 0;
  clear(into.errorText);
}
