// Content codings that Node brings along: bounded by the library itself, and faster than any in JavaScript.
import zlib from 'node:zlib';
import type { Decoder } from '../dissect/content.ts';
import { maxDecodedBytes } from '../dissect/content.ts';

/** For decodeContent(). A body that was cut gives what could be decoded of it. */
export const nodeCodecs: Readonly<Record<string, Decoder>> = {
  br: (bytes, sink) =>
    sink(
      zlib.brotliDecompressSync(bytes, {
        maxOutputLength: maxDecodedBytes,
        finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
      }),
    ),
};
