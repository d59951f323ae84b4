// A body without its content coding (RFC 9110 section 8.4). Bounded, so that a small body cannot unfold into gigabytes.
import { Gunzip, Inflate, Unzlib } from 'fflate';
import { Decompress as ZstdDecompress } from 'fzstd';
import { concat } from './bytes.ts';
import type { Body } from './dissection.ts';
import { checkZstdCost } from './zstdFrames.ts';

export const maxDecodedBytes = 8 << 20;
/** One on another; no honest message has more. */
const maxCodings = 4;
const step = 16 * 1024;

export interface Content {
  readonly bytes: Uint8Array;
  /** True where the body was cut, or unfolds beyond maxDecodedBytes. */
  readonly truncated: boolean;
  /** In words for people, where decoding failed: `bytes` then hold what was decoded so far. */
  readonly problem?: string;
}

/** Thrown by a decoder that gives up at maxDecodedBytes. */
export class ContentTooLarge extends Error {
  constructor() {
    super(`it unfolds to more than ${maxDecodedBytes >> 20} MiB`);
  }
}
type Sink = (bytes: Uint8Array) => void;
/** Decodes all of `bytes` into the sink, which may throw to end it. Throws on damage. */
export type Decoder = (bytes: Uint8Array, sink: Sink) => void;

interface Streaming {
  ondata?: unknown;
  push(bytes: Uint8Array, final?: boolean): void;
}
/** In small steps, so that the sink can stop what unfolds too far. */
function inSteps(make: (sink: Sink) => Streaming, ending?: (stream: Streaming) => void): Decoder {
  return (bytes, sink) => {
    const stream = make(sink);
    for (let at = 0; at < bytes.length; at += step) stream.push(bytes.subarray(at, at + step), false);
    ending?.(stream);
  };
}

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: inSteps((sink) => new Gunzip(sink)),
  // "deflate" is zlib by the standard and raw DEFLATE in the wild: the header tells.
  deflate: inSteps((sink) => {
    let stream: Streaming | undefined;
    return {
      push: (bytes, final) => (stream ??= isZlib(bytes) ? new Unzlib(sink) : new Inflate(sink)).push(bytes, final),
    };
  }),
  zstd: (bytes, sink) => {
    checkZstdCost(bytes);
    // What is shorter than a few bytes comes out only once it is told that this was all.
    inSteps(
      (out) => new ZstdDecompress(out),
      (stream) => stream.push(new Uint8Array(0), true),
    )(bytes, sink);
  },
};
const isZlib = (bytes: Uint8Array): boolean =>
  (bytes[0]! & 15) === 8 && ((bytes[0]! << 8) | (bytes[1] ?? 0)) % 31 === 0;

/**
 * The body as its content type means it. Codings are undone from the last to the first.
 * `more` are decoders that the host has: Brotli, and quicker ones.
 */
export function decodeContent(body: Body, more: Readonly<Record<string, Decoder>> = {}): Content {
  const codings = body.contentEncoding
    .split(',')
    .map((c) => c.trim().replace(/^x-/, ''))
    .filter((c) => c && c !== 'identity');
  let content: Content = { bytes: body.bytes, truncated: body.truncated };
  if (codings.length > maxCodings)
    return { ...content, problem: `More than ${maxCodings} content codings, one on another, are not undone.` };
  for (const coding of codings.reverse()) {
    const decoder = [more, decoders].find((known) => Object.hasOwn(known, coding))?.[coding];
    if (!decoder) return { ...content, problem: `The content coding "${coding}" cannot be undone here.` };
    content = decodeOne(content, coding, decoder);
    if (content.problem) return content;
  }
  return content;
}

function decodeOne(from: Content, coding: string, decoder: Decoder): Content {
  const parts: Uint8Array[] = [];
  let size = 0;
  let problem: string | undefined;
  let truncated = from.truncated;
  try {
    decoder(from.bytes, (bytes) => {
      const room = maxDecodedBytes - size;
      parts.push(bytes.length > room ? bytes.slice(0, room) : bytes);
      size += Math.min(bytes.length, room);
      if (bytes.length >= room) throw new ContentTooLarge();
    });
  } catch (error) {
    if (error instanceof ContentTooLarge) truncated = true;
    // A body that was cut cannot end well; what came out is still good.
    else if (!from.truncated)
      problem = `The ${coding} coding is damaged: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (truncated && !from.truncated && size === 0)
    problem = `The ${coding} coding cannot be undone here: ${new ContentTooLarge().message}.`;
  return { bytes: concat(parts), truncated, ...(problem && { problem }) };
}
