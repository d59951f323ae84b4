// Tells when a socket appears in a folder.
import fs from 'node:fs';
import path from 'node:path';
import type { Watch } from './retry.ts';

export const watchForSocket =
  (socket: string): Watch =>
  (wake) => {
    const name = path.basename(socket);
    try {
      const watcher = fs.watch(path.dirname(socket), { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name) wake();
      });
      // The folder went away: the pauses between attempts do without.
      watcher.on('error', () => watcher.close());
      return { dispose: () => watcher.close() };
    } catch {
      return undefined; // no folder yet, or no watches left
    }
  };
