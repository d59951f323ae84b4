// A file that a command reads, or standard input.
import fs from 'node:fs';
import { Failure } from '../failure.ts';

/** The first `maxBytes` of a file, or of standard input where it is "-". Throws a Failure: `what` is as in "a log file". */
export function readInput(file: string, maxBytes: number, what: string): string {
  try {
    const fd = file === '-' ? 0 : fs.openSync(file, 'r');
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < maxBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(1 << 16, maxBytes - total));
      const read = readSome(fd, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      total += read;
    }
    if (fd !== 0) fs.closeSync(fd);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new Failure(2, `cannot read ${file}: ${why}`, `Give ${what}, or "-" for standard input.`);
  }
}

/** Standard input may be a non-blocking pipe or terminal: then there is nothing yet, which is not its end. */
function readSome(fd: number, chunk: Buffer): number {
  for (;;)
    try {
      return fs.readSync(fd, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
}
