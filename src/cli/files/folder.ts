// A folder on disk as the project model's files. Links to folders are not followed, so no loop can be walked into;
// what vanishes or cannot be read while it is looked at is simply not there.
import fs from 'node:fs';
import path from 'node:path';
import type { ProjectFiles } from '../../project/files.ts';
import { isKept, isSkippedFolder } from '../../project/skip.ts';

const maxFiles = 100_000;
const maxDepth = 40;
/** Larger files are generated or data. */
const maxSize = 8 << 20;

export interface Folder extends ProjectFiles {
  /** Some files were left out because there are too many. */
  readonly truncated: boolean;
}

/** `named`: files that are read wherever they lie. */
export function readFolder(root: string, named: readonly string[] = []): Folder {
  const paths: string[] = [];
  let truncated = false;
  const walk = (folder: string, relative: string, depth: number): void => {
    const entries = entriesOf(folder);
    const isRust = entries.some((e) => e.name === 'Cargo.toml');
    for (const entry of entries) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (isSkippedFolder(entry.name)) {
          for (const inner of entriesOf(path.join(folder, entry.name)))
            if (inner.isFile() && isKept(entry.name, inner.name)) paths.push(`${name}/${inner.name}`);
        } else if (isRust && entry.name === 'target') continue;
        else if (depth >= maxDepth) truncated = true;
        else walk(path.join(folder, entry.name), name, depth + 1);
      } else if (entry.isFile() || (entry.isSymbolicLink() && isFile(path.join(folder, entry.name)))) {
        if (paths.length >= maxFiles) truncated = true;
        else paths.push(name);
      }
    }
  };
  walk(root, '', 0);
  const listed = new Set([...paths, ...named]);
  const readBytes = (name: string): Uint8Array | undefined => readBounded(path.join(root, name));
  return {
    truncated,
    list: () => [...listed],
    readBytes,
    read: (name) => {
      const bytes = readBytes(name) as Buffer | undefined;
      // A NUL within the first bytes: no text.
      return bytes === undefined || bytes.subarray(0, 512).includes(0) ? undefined : bytes.toString('utf8');
    },
  };
}

function entriesOf(folder: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isFile(file: string): boolean {
  try {
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Never more than the bound, also where the file grows meanwhile; a pipe or device is not opened. */
function readBounded(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const { size } = fs.fstatSync(fd);
    if (!fs.fstatSync(fd).isFile() || size > maxSize) return undefined;
    const buffer = Buffer.allocUnsafe(size);
    let at = 0;
    while (at < size) {
      const read = fs.readSync(fd, buffer, at, size - at, at);
      if (read === 0) break;
      at += read;
    }
    return buffer.subarray(0, at);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}
