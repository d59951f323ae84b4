// Zstandard (RFC 8878) for the flow store's payload: Node brings it along from 22.15 on, and compresses on a thread of its own.
import zlib from 'node:zlib';
import { promisify } from 'node:util';
import type { PayloadCodec } from '../flow/segments.ts';

/** Level 1: 600 MB/s of text on one core, and bytes that are encrypted already pass at a gigabyte. */
const params = { [zlib.constants.ZSTD_c_compressionLevel]: 1 };
/** The least that the library takes. */
const smallestChunk = 64;

function make(): PayloadCodec {
  const compress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);
  return {
    // A copy: the library's result may lie in a buffer that it takes for more.
    compress: async (bytes) => new Uint8Array(await compress(bytes, { params })),
    decompress: (bytes, length) => {
      // In one piece: by default it comes in many that are then put together.
      const chunkSize = Math.max(smallestChunk, length);
      const { buffer, byteOffset, byteLength } = zlib.zstdDecompressSync(bytes, { maxOutputLength: length, chunkSize });
      // Parts of a Buffer are Buffers, which take several times as long to make.
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}

/** Undefined in older releases: payload is held as it is. */
export const payloadCodec: PayloadCodec | undefined = 'zstdCompress' in zlib ? make() : undefined;
