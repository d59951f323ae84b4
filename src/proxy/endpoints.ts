// Endpoints of other programs that show their flows through the kit (docs/kit.md).
import fs from 'node:fs/promises';
import path from 'node:path';
import { problem, ProblemError } from './problems.ts';

/** More than any name or token has. */
const longest = 1024;

/** Whether it can be the name of an endpoint here: a Mach service on macOS, a socket's absolute path elsewhere. */
export function isEndpointName(name: unknown, platform: string = process.platform): name is string {
  if (typeof name !== 'string' || name.length > longest || name.includes('\0')) return false;
  return platform === 'darwin' ? /^[\w-]+(\.[\w-]+)+$/.test(name) : path.isAbsolute(name);
}

/** Names as they are, each once; throws a ProblemError for one that is none. */
export function endpointNames(names: readonly string[], platform?: string): string[] {
  for (const name of names) if (!isEndpointName(name, platform)) throw new ProblemError(problem('endpoint-name', name));
  return [...new Set(names)];
}

/** The first line of the file, which nobody else may read. */
export async function readToken(file: string): Promise<string> {
  const refuse = (detail: string): never => {
    throw new ProblemError(problem('endpoint-token', detail));
  };
  const opened = await fs.open(file).catch((error: Error) => refuse(error.message));
  try {
    const { mode } = await opened.stat();
    if (mode & 0o077) return refuse(`others may read ${file}`);
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(longest), 0, longest, 0);
    return buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)[0] || refuse(`the first line of ${file} is empty`);
  } finally {
    await opened.close();
  }
}
