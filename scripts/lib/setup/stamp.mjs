// Whether a step must run again: what it was made from and what it has made, both by content.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outDir, root } from '../paths.mjs';

/** The files of a path relative to the repository (a folder counts with all it holds), sorted. */
function filesOf(entry) {
  const full = path.join(root, entry);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [entry];
  return readdirSync(full, { withFileTypes: true })
    .filter((e) => e.name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((e) => (e.isDirectory() ? filesOf(path.join(entry, e.name)) : [path.join(entry, e.name)]));
}

/** One hash over the names and contents of files and folders, and over `extra`. */
export function hashOf(entries, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const file of entries.flatMap(filesOf)) {
    const content = createHash('sha256').update(readFileSync(path.join(root, file)));
    hash.update(`\0${file}\0`).update(content.digest());
  }
  return hash.digest('hex');
}

/**
 * `current()` is false where an input or an output changed since `record()`, or an output is missing.
 * Inputs and outputs are files or folders relative to the repository.
 */
export function stamp(name, { inputs, outputs, extra = '' }) {
  const file = path.join(outDir, 'stamps', name);
  const now = () => `${hashOf(inputs, extra)} ${hashOf(outputs)}`;
  return {
    current: () =>
      outputs.every((o) => existsSync(path.join(root, o))) && existsSync(file) && readFileSync(file, 'utf8') === now(),
    record() {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, now());
    },
  };
}
