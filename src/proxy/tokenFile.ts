// The token that the Flowtap app granted to this user's command line (macOS). It lets whoever reads it see the user's flows,
// so it lies in a folder and a file of the user's own, and is not read from anywhere else.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { problem, ProblemError } from './problems.ts';

/** More than any token has, in bytes. */
const longest = 1024;

export const tokenFile = (home: string = os.homedir()): string =>
  path.join(home, 'Library/Application Support/Flowtap/token');

/** '' where there is none. Rejects with a ProblemError where others could have read or written it. */
export async function loadToken(file: string): Promise<string> {
  if (!(await ownFolder(path.dirname(file)))) return '';
  // A pipe in its place would block without O_NONBLOCK.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const opened = await fs.open(file, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    return refuse(error.code === 'ELOOP' ? `${file} is a symbolic link` : error.message);
  });
  if (!opened) return '';
  try {
    const found = await opened.stat();
    if (!found.isFile()) refuse(`${file} is no file`);
    if (!isMine(found)) refuse(`${file} belongs to another user`);
    if (found.mode & 0o077) refuse(`others may read ${file}`);
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(longest), 0, longest, 0);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await opened.close();
  }
}

/** In place of the one before, at once: a reader sees the one or the other. */
export async function storeToken(file: string, token: string): Promise<void> {
  const folder = path.dirname(file);
  await fs.mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => refuse(error.message));
  await ownFolder(folder);
  const next = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await fs.writeFile(next, `${token}\n`, { mode: 0o600, flag: 'wx' });
    await fs.rename(next, file);
  } catch (error) {
    await fs.rm(next, { force: true });
    refuse(error instanceof Error ? error.message : String(error));
  }
}

export const forgetToken = (file: string): Promise<void> => fs.rm(file, { force: true });

/** False where it is not there. */
async function ownFolder(folder: string): Promise<boolean> {
  const found = await fs.lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    return refuse(error.message);
  });
  if (!found) return false;
  if (!found.isDirectory()) refuse(`${folder} is no folder`);
  if (!isMine(found)) refuse(`${folder} belongs to another user`);
  if (found.mode & 0o022) refuse(`others may write to ${folder}`);
  return true;
}

const isMine = ({ uid }: Stats): boolean => uid === process.geteuid?.();

function refuse(detail: string): never {
  throw new ProblemError(problem('token-file', detail));
}
