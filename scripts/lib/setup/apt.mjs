// Debian packages: installed where we are root, otherwise the command is named.
import { spawnSync } from 'node:child_process';
import { cleanEnvironment } from '../environment.mjs';
import { which } from '../paths.mjs';
import { runOrThrow } from '../run.mjs';
import { lastLine } from './last-line.mjs';
import { Unavailable } from './unavailable.mjs';

/** `what` is what the packages are needed for, to complete "is missing: ...". */
export async function installPackages(what, packages, progress) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!which('apt-get'))
    throw new Unavailable(`${what} is missing; install it (Debian's packages are ${packages.join(', ')})`);
  if (process.getuid() !== 0)
    throw new Unavailable(`${what} is missing; install it with: sudo apt-get update && sudo ${command}`);
  const env = cleanEnvironment({ DEBIAN_FRONTEND: 'noninteractive' });
  const options = { env, onText: (text) => progress(lastLine(text)) };
  await runOrThrow('apt-get', ['-o', 'DPkg::Lock::Timeout=120', 'update'], options);
  for (const name of packages)
    if (spawnSync('apt-cache', ['show', name], { env }).status !== 0)
      throw new Unavailable(
        `${what} is missing, and the package sources of this system have no ${name} (Debian 12 has it, with updates)`,
      );
  const [program, ...args] = command.split(' ');
  await runOrThrow(program, ['-o', 'DPkg::Lock::Timeout=120', ...args], options);
}
