// The built addon, and private folders for sockets.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** Builds bridge.node where a source is newer; quick when nothing changed. */
export function buildBridge(): void {
  execFileSync(process.execPath, ['scripts/build-native.mjs', 'bridge'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** A new private folder; the caller removes it. */
export function privateFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
}

/** The files and sockets this process has open. */
export function openDescriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}
