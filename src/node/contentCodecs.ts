// Codings that Node brings along: bounded by the library itself, and faster than any in JavaScript.
import zlib from 'node:zlib';
import { ContentTooLarge, maxDecodedBytes, type Decoder } from '../dissect/content.ts';

/** The libraries give nothing of what unfolds beyond the limit. */
function bounded(decode: (bytes: Uint8Array) => Uint8Array): Decoder {
  return (bytes, sink) => {
    try {
      sink(decode(bytes));
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new ContentTooLarge() : error;
    }
  };
}

const brotli = bounded((bytes) =>
  zlib.brotliDecompressSync(bytes, {
    maxOutputLength: maxDecodedBytes,
    finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
  }),
);
const zstd = bounded((bytes) =>
  zlib.zstdDecompressSync(bytes, {
    maxOutputLength: maxDecodedBytes,
    finishFlush: zlib.constants.ZSTD_e_flush,
    params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 }, // 8 MiB: RFC 9659
  }),
);

/** RFC 4648 section 4. */
export const nodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** For decodeContent(). A body that was cut gives what could be decoded of it. */
export const nodeCodecs: Readonly<Record<string, Decoder>> = {
  br: brotli,
  ...('zstdDecompressSync' in zlib && { zstd }), // Node 22.15 and later
};
