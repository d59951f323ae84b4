// Frames on a byte stream: u32 little-endian length, then one message (proto/flow.proto).
import { ClientFrame, ProxyFrame } from '../../gen/flow_pb.ts';

export const headerSize = 4;
export const maxFrame = 1024 * 1024;

export type FrameErrorCode = 'empty' | 'oversized';

/** The peer does not speak the wire; nothing after this can be trusted. */
export class FrameError extends Error {
  readonly code: FrameErrorCode;
  /** The length the header claims. */
  readonly length: number;
  constructor(code: FrameErrorCode, length: number, header: Uint8Array) {
    super(
      code === 'empty'
        ? 'a frame of length 0 arrived'
        : `a frame of ${length} bytes was announced, the limit is ${maxFrame}; the header was ${describe(header)}`,
    );
    this.name = 'FrameError';
    this.code = code;
    this.length = length;
  }
}

/** Hexadecimal, and as text where it is text: then the peer is likely to be something else, such as an HTTP server. */
function describe(header: Uint8Array): string {
  const hex = Array.from(header, (b) => b.toString(16).padStart(2, '0')).join(' ');
  const text = header.every((b) => b >= 0x20 && b < 0x7f) ? String.fromCharCode(...header) : '';
  return text ? `${hex} ("${text}")` : hex;
}

/** The frame is bytes [start, end) of a buffer that the reader uses again after the call. */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Cuts a stream into frames. A frame that lies within one chunk is passed on where it lies; one that lies across
 * chunks is put together once, in a buffer of its own size.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = new Uint8Array(headerSize);
  #headerHave = 0;
  /** The frame that is being put together; undefined between frames. */
  #body: Uint8Array | undefined;
  #bodyHave = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True where the stream may end without cutting a frame. */
  get atBoundary(): boolean {
    return this.#headerHave === 0 && this.#body === undefined;
  }

  /** Throws FrameError; the reader is of no use after that. What the sink throws comes through. */
  push(chunk: Uint8Array): void {
    let at = this.#completeBegun(chunk);
    while (at < chunk.length) {
      const rest = chunk.length - at;
      if (rest < headerSize) {
        this.#header.set(chunk.subarray(at));
        this.#headerHave = rest;
        return;
      }
      const length = lengthAt(chunk, at);
      at += headerSize;
      if (length > chunk.length - at) {
        this.#begin(length, chunk, at);
        return;
      }
      at += length;
      this.#sink(chunk, at - length, at);
    }
  }

  /** Completes the header and the frame that earlier chunks began; returns where the chunk goes on. */
  #completeBegun(chunk: Uint8Array): number {
    let at = 0;
    if (this.#headerHave > 0) {
      while (this.#headerHave < headerSize && at < chunk.length) this.#header[this.#headerHave++] = chunk[at++]!;
      if (this.#headerHave < headerSize) return at;
      this.#headerHave = 0;
      const length = lengthAt(this.#header, 0);
      if (length <= chunk.length - at) {
        this.#sink(chunk, at, at + length);
        return at + length;
      }
      this.#begin(length, chunk, at);
      return chunk.length;
    }
    const body = this.#body;
    if (!body) return 0;
    const take = Math.min(body.length - this.#bodyHave, chunk.length);
    body.set(chunk.subarray(0, take), this.#bodyHave);
    this.#bodyHave += take;
    if (this.#bodyHave < body.length) return take;
    this.#body = undefined;
    this.#sink(body, 0, body.length);
    return take;
  }

  #begin(length: number, chunk: Uint8Array, at: number): void {
    this.#body = new Uint8Array(length);
    this.#body.set(chunk.subarray(at));
    this.#bodyHave = chunk.length - at;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  if (length === 0 || length > maxFrame)
    throw new FrameError(length === 0 ? 'empty' : 'oversized', length, bytes.subarray(at, at + headerSize));
  return length;
}

/** Throws RangeError where the message is over the limit: the sender's own mistake. */
export function frame(message: Uint8Array): Uint8Array {
  if (message.length === 0 || message.length > maxFrame)
    throw new RangeError(`a frame holds 1 to ${maxFrame} bytes, not ${message.length}`);
  const bytes = new Uint8Array(headerSize + message.length);
  new DataView(bytes.buffer).setUint32(0, message.length, true);
  bytes.set(message, headerSize);
  return bytes;
}

export const encodeClientFrame = (part: Partial<ClientFrame>): Uint8Array => frame(ClientFrame.encode(part).finish());
export const encodeProxyFrame = (part: Partial<ProxyFrame>): Uint8Array => frame(ProxyFrame.encode(part).finish());
