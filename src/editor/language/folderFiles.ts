// The files of one workspace folder for the project model: the disk, with what open editors show laid over it.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ProjectFiles } from '../../project/files.ts';
import { isKept, isSkippedFolder } from '../../project/skip.ts';

const maxFiles = 50_000;
const maxBytes = 4 << 20;

export class FolderFiles implements ProjectFiles {
  readonly root: string;
  readonly #known = new Set<string>();
  readonly #overlay = new Map<string, string>();
  /** More files than are looked at. */
  truncated = false;

  constructor(root: string) {
    this.root = root;
  }

  /** Walks a folder, `''` being the root; symbolic links are not followed, so that a loop ends nothing but itself. */
  async scan(from = ''): Promise<void> {
    const pending = [from];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const entries = await readdir(path.join(this.root, folder), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory() && !isSkippedFolder(entry.name)) pending.push(name);
        else if (entry.isDirectory()) await this.#keep(name);
        else if (entry.isFile()) this.#known.add(name);
      }
      if (this.#known.size > maxFiles) {
        this.truncated = true;
        return;
      }
    }
  }

  /** What counts of a folder that is skipped. */
  async #keep(folder: string): Promise<void> {
    const base = path.posix.basename(folder);
    if (base !== 'build') return;
    const entries = await readdir(path.join(this.root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isFile() && isKept(base, entry.name)) this.#known.add(`${folder}/${entry.name}`);
  }

  /**
   * Looks at a file or folder that a watcher named, and returns the files that came, changed or went. What the watcher
   * said of it does not count: it need not tell of files that were written into a folder before it watched that one, and
   * of a folder that goes it tells as one.
   */
  async look(name: string): Promise<readonly string[]> {
    const kind = this.#kind(name);
    if (kind === 'file') {
      if (!this.#known.has(name) && this.#known.size > maxFiles) return [];
      this.#known.add(name);
      return [name];
    }
    if (this.#known.delete(name)) return [name];
    const before = this.#below(name);
    for (const file of before) this.#known.delete(file);
    if (kind === 'folder') await (isSkippedFolder(path.posix.basename(name)) ? this.#keep(name) : this.scan(name));
    return [...new Set([...before, ...this.#below(name)])];
  }

  /** undefined: not there, or neither of both. */
  #kind(name: string): 'file' | 'folder' | undefined {
    try {
      const status = lstatSync(path.join(this.root, name));
      if (status.isFile()) return 'file';
      return status.isDirectory() ? 'folder' : undefined;
    } catch {
      return undefined;
    }
  }

  #below(name: string): readonly string[] {
    return [...this.#known].filter((file) => file.startsWith(`${name}/`));
  }

  /** What an open editor shows in place of the file; undefined: the file again. */
  show(file: string, text: string | undefined): void {
    if (text === undefined) this.#overlay.delete(file);
    else this.#overlay.set(file, text);
  }

  /** Whether there is anything here that an Apple project is made of. */
  get hasProject(): boolean {
    for (const file of this.#known)
      if (/\.(entitlements|pbxproj)$|Info\.plist$|(^|\/)project\.ya?ml$/.test(file)) return true;
    return false;
  }

  list(): readonly string[] {
    return [...new Set([...this.#known, ...this.#overlay.keys()])];
  }

  read(file: string): string | undefined {
    const shown = this.#overlay.get(file);
    if (shown !== undefined) return shown;
    const bytes = this.#load(file);
    return bytes && !bytes.subarray(0, 1024).includes(0) ? bytes.toString('utf8') : undefined;
  }

  readBytes(file: string): Uint8Array | undefined {
    const shown = this.#overlay.get(file);
    return shown === undefined ? this.#load(file) : Buffer.from(shown);
  }

  /** undefined where it vanished, became a link, or is too large. */
  #load(file: string): Buffer | undefined {
    let handle: number | undefined;
    try {
      handle = openSync(path.join(this.root, file), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      const status = fstatSync(handle);
      return status.isFile() && status.size <= maxBytes ? readFileSync(handle) : undefined;
    } catch {
      return undefined;
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  }
}
