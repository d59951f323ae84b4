// Writes a file in pieces, whole or not at all.
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes beside the file and renames at the end, so that a fault or a cancel leaves what was there before.
 * `onPiece` hears of the bytes so far, and returns false to cancel. Resolves to false where it was cancelled.
 */
export async function writeWhole(
  file: string,
  pieces: Iterable<Uint8Array | string>,
  onPiece: (bytes: number) => boolean = () => true,
): Promise<boolean> {
  const temporary = `${file}.part-${process.pid}`;
  const handle = await open(temporary, 'w', 0o600); // what was captured is nobody else's
  let written = 0;
  let done = false;
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      await handle.writeFile(bytes);
      written += bytes.length;
      if (!onPiece(written)) return false;
    }
    done = true;
  } finally {
    await handle.close();
    if (!done) await rm(temporary, { force: true });
  }
  await rename(temporary, file);
  return true;
}
