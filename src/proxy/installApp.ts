// Puts the Flowtap app of the package into /Applications, whole or not at all, and takes it away again.
import fs from 'node:fs/promises';
import path from 'node:path';
import type { AppPlace } from './appBundle.ts';
import { execute } from './execute.ts';
import { problem, ProblemError } from './problems.ts';

const unpackTimeout = 120_000;

export interface Installed {
  /** Puts back what was there before, or nothing. */
  undo(): Promise<void>;
  /** Lets go of what was there before. */
  keep(): Promise<void>;
}

/**
 * `archive` is a tar.gz that holds the bundle. The bundle is unpacked beside its place and then renamed to it, so that
 * nobody meets half of one. Rejects with a ProblemError; everything is then as before.
 */
export async function installApp(archive: string, place: AppPlace): Promise<Installed> {
  const folder = path.dirname(place.bundle);
  const work = await fs.mkdtemp(path.join(folder, '.flowtap-')).catch((error: Error) => {
    throw new ProblemError(problem('app-install', `${folder}: ${error.message}`));
  });
  const fresh = path.join(work, path.basename(place.bundle));
  const before = path.join(work, 'before.app');
  try {
    const { status, stderr } = await execute('/usr/bin/tar', ['-xzf', archive, '-C', work], {
      timeoutMs: unpackTimeout,
    });
    if (status !== 0) throw new ProblemError(problem('app-install', stderr.trim() || `tar ended with ${status}`));
    await fs.access(path.join(fresh, path.relative(place.bundle, place.program)), fs.constants.X_OK);
    const hadOne = await moved(place.bundle, before);
    await fs.rename(fresh, place.bundle).catch(async (error: unknown) => {
      if (hadOne) await fs.rename(before, place.bundle);
      throw error;
    });
    return {
      undo: async () => {
        await fs.rename(place.bundle, path.join(work, 'undone.app'));
        if (hadOne) await fs.rename(before, place.bundle);
        await discard(work);
      },
      keep: () => discard(work),
    };
  } catch (error) {
    await discard(work);
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(problem('app-install', error instanceof Error ? error.message : String(error)));
  }
}

/** Takes the app away; the system extension has to be deactivated before. False where there is none. */
export async function removeApp(place: AppPlace): Promise<boolean> {
  const work = `${place.bundle}.${process.pid}.removed`;
  if (!(await moved(place.bundle, work))) return false;
  await discard(work);
  return true;
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const discard = (folder: string): Promise<void> => fs.rm(folder, { recursive: true, force: true });
