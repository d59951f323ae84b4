// Provisioning profiles that lie in the project.
import type { FileCache } from './cache.ts';
import { extension } from './files.ts';
import type { ProfileUse } from './profileUse.ts';

export function readProfiles(cache: FileCache): readonly ProfileUse[] {
  return [...cache.paths]
    .filter((path) => ['mobileprovision', 'provisionprofile'].includes(extension(path)))
    .map((path) => cache.profile(path))
    .filter((profile) => profile !== undefined);
}
