// The files of one workspace folder for the project model: the disk, with what open editors show laid over it.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ProjectFiles } from '../../project/files.ts';
import { isSkippedFolder } from '../../project/skip.ts';

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

  /** Walks the folder; symbolic links are not followed, so that a loop ends nothing but itself. */
  async scan(): Promise<void> {
    const pending = [''];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const entries = await readdir(path.join(this.root, folder), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory() && !isSkippedFolder(entry.name)) pending.push(name);
        else if (entry.isFile()) this.#known.add(name);
      }
      if (this.#known.size > maxFiles) {
        this.truncated = true;
        return;
      }
    }
  }

  /** True where the list changed. */
  add(file: string): boolean {
    if (this.#known.has(file) || this.#known.size > maxFiles) return false;
    this.#known.add(file);
    return true;
  }
  remove(file: string): boolean {
    return this.#known.delete(file);
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
