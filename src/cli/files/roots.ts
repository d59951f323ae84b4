// From the paths of a command line to projects.
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../failure.ts';

export interface Root {
  /** Absolute. */
  readonly folder: string;
  /** Only these files are reported, relative to the folder; all where it is undefined. */
  readonly only: ReadonlySet<string> | undefined;
}

/** How far above a file its project is looked for. */
const maxLevels = 8;

export function rootsOf(paths: readonly string[], cwd: string): readonly Root[] {
  const whole = new Set<string>();
  const single = new Map<string, Set<string>>();
  for (const given of paths) {
    // The real path: /tmp and its kin are links on some systems.
    const absolute = path.resolve(cwd, given);
    let stat: fs.Stats;
    try {
      stat = fs.statSync(absolute);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Failure(
        2,
        `cannot read ${given}: ${code === 'ENOENT' ? 'no such file or folder' : (code ?? 'unreadable')}`,
        'Give files and folders that exist.',
      );
    }
    if (stat.isDirectory())
      whole.add(/\.(xcodeproj|xcworkspace)\/?$/.test(absolute) ? path.dirname(absolute) : absolute);
    else if (stat.isFile()) {
      requireReadable(absolute, given);
      const folder = projectOf(absolute, cwd);
      const files = single.get(folder) ?? new Set();
      single.set(folder, files.add(path.relative(folder, absolute).split(path.sep).join('/')));
    } else throw new Failure(2, `cannot read ${given}: neither a file nor a folder`, 'Give files and folders.');
  }
  return [
    ...[...whole].map((folder) => ({ folder, only: undefined })),
    ...[...single].filter(([folder]) => !whole.has(folder)).map(([folder, only]) => ({ folder, only })),
  ];
}

function requireReadable(absolute: string, given: string): void {
  try {
    fs.accessSync(absolute, fs.constants.R_OK);
  } catch {
    throw new Failure(2, `cannot read ${given}: permission denied`, 'Make it readable, or leave it out.');
  }
}

/** The nearest folder above that holds a project description or a repository; never above the current folder's
 *  or the home folder's own level. */
function projectOf(file: string, cwd: string): string {
  const own = path.dirname(file);
  let folder = own;
  for (let i = 0; i < maxLevels; i++) {
    if (isProject(folder)) return folder;
    const parent = path.dirname(folder);
    if (folder === cwd || parent === folder || parent === '/') break;
    folder = parent;
  }
  return own;
}

function isProject(folder: string): boolean {
  try {
    return fs
      .readdirSync(folder)
      .some((name) => /\.xcodeproj$|^project\.ya?ml$|^Package\.swift$|^\.flowtaprc$|^\.git$|^Makefile$/i.test(name));
  } catch {
    return false;
  }
}
