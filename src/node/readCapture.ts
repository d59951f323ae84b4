// A capture file from the disk into a store, in pieces, so that its size does not matter.
import { open } from 'node:fs/promises';
import type { CaptureLoad, LoadResult } from '../capture/load.ts';

const pieceBytes = 1 << 20;

/**
 * `onPiece` hears how much of the file was read and returns false to cancel. Between
 * the pieces the event loop gets its turn. Rejects where the file cannot be read; what the file holds never throws.
 */
export async function readCapture(
  file: string,
  load: CaptureLoad,
  onPiece: (read: number, size: number) => boolean = () => true,
): Promise<LoadResult & { readonly cancelled: boolean }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const buffer = new Uint8Array(pieceBytes);
    let cancelled = false;
    for (let read = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, pieceBytes);
      if (bytesRead === 0 || !load.push(buffer.subarray(0, bytesRead))) break;
      read += bytesRead;
      if (!onPiece(read, size)) {
        cancelled = true;
        break;
      }
    }
    return { ...load.end(cancelled), cancelled };
  } catch (error) {
    load.end(true);
    throw error;
  } finally {
    await handle.close();
  }
}
